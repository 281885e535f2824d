import type { APIGatewayProxyHandlerV2 } from 'aws-lambda'
import axios from 'axios'
import { attachOAuth, type TokenStore } from 'axios-attach-oauth'
import { clientCredentials, type GrantOptions } from 'axios-attach-oauth/grants'

/** Call it outside of the handler: the token outlives the invocation. */
export function createHandler(
  store: TokenStore,
  client: GrantOptions,
): APIGatewayProxyHandlerV2 {
  const api = axios.create({ baseURL: 'https://api.example.com', timeout: 10_000 })
  attachOAuth(api, store, {
    refresh: clientCredentials(client),
    // The process freezes when the handler returns. So nothing runs in the
    // background: a request waits for the refresh.
    refreshWindow: { fraction: 0 },
    refreshTimeout: 8000,
  })
  return async () => {
    const { data } = await api.get<unknown>('/orders')
    return { statusCode: 200, body: JSON.stringify(data) }
  }
}
