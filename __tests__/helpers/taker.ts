import axios, { AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import { memoryStore, type AttachedSession, type AttachOptions, type TokenJSON } from '../../src/index.js'
import { FakeEnvironment } from './fake-environment.js'

type Sent = InternalAxiosRequestConfig
type Answer = Partial<AxiosResponse>

export interface Taker {
  api: AxiosInstance
  environment: FakeEnvironment
  /** The authorization of each sending. */
  sent: unknown[]
  attach: (options?: AttachOptions, tokens?: TokenJSON) => AttachedSession
}

/**
 * An instance whose server takes the token `new` alone, in a world whose time stands still. `answer` changes what a sending is answered with, or
 * rejects in its place.
 */
export function taker(answer: (config: Sent, sending: number) => Answer | Promise<Answer> = () => ({})): Taker {
  const environment = new FakeEnvironment()
  const sent: unknown[] = []
  const adapter = async (config: Sent): Promise<AxiosResponse> => {
    const authorization = config.headers.get('Authorization') ?? undefined
    sent.push(authorization)
    const status = authorization === 'Bearer new' ? 200 : 401
    const given = await answer(config, sent.length)
    const response = { status, statusText: '', data: '', headers: {}, config, request: {}, ...given } as AxiosResponse
    if (config.validateStatus?.(response.status) ?? true) return response
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, response.request, response)
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  const refresh = async (): Promise<TokenJSON & { access_token: string }> => ({ access_token: 'new', expires_in: 3600 })
  const old = { access_token: 'old', refresh_token: 'r' }
  return {
    api,
    environment,
    sent,
    attach: (options = {}, tokens = old) => attachIn(environment, api, memoryStore(tokens), { refresh, ...options }),
  }
}
