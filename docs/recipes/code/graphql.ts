import axios, { type AxiosResponse } from 'axios'
import { attachOAuth, type TokenStore } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/refresh-token'

interface Answer<Data> {
  readonly data?: Data
  readonly errors?: readonly {
    readonly message: string
    readonly extensions?: { readonly code?: string }
  }[]
}

/** The server says "expired" in a response with status 200. */
const isExpired = ({ data }: AxiosResponse<Answer<unknown> | undefined>): boolean =>
  data?.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED') ??
  false

export function graphqlClient(store: TokenStore) {
  const api = axios.create({ baseURL: 'https://api.example.com' })
  const refresh = refreshToken({
    tokenEndpoint: 'https://login.example.com/token',
    clientId: 'my-app',
  })
  const session = attachOAuth(api, store, { refresh, isExpired })

  async function query<Data>(query: string, variables: object = {}): Promise<Data> {
    const { data } = await api.post<Answer<Data>>('/graphql', { query, variables })
    if (!data.data)
      throw new Error(data.errors?.[0]?.message ?? 'the answer is empty')
    return data.data
  }
  return { api, session, query }
}
