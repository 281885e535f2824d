// The page of the xhr tests: an instance on the xhr adapter, attached with the public API alone.
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios'
import { attachOAuth, isOAuthError, memoryStore, type AttachedSession, type TokenJSON } from '../../../src/index.js'
import { webStore } from '../../../src/stores/web.js'
import { refreshAt } from './refresh.js'

export interface XhrOutcome {
  status?: number
  data?: unknown
  code?: string
  message?: string
  isOAuth?: boolean
  isCancel?: boolean
}

async function outcome(sending: Promise<{ status: number; data: unknown }>): Promise<XhrOutcome> {
  try {
    const { status, data } = await sending
    return { status, data }
  } catch (error) {
    const { code, message, response } = error as { code?: string; message: string; response?: { status: number; data: unknown } }
    return {
      ...(response && { status: response.status, data: response.data }),
      ...(code !== undefined && { code }),
      message,
      isOAuth: isOAuthError(error),
      isCancel: axios.isCancel(error),
    }
  }
}

interface Setup {
  url: string
  tokens?: TokenJSON
  storage?: 'localStorage'
  baseURL?: string
  /** Default: `xhr`. */
  adapter?: 'xhr' | 'fetch'
  options?: { origins?: string[] }
}

const lab = {
  axios,
  api: undefined as unknown as AxiosInstance,
  session: undefined as unknown as AttachedSession,
  outcome,
  /** Attaches a new instance to a store that holds `tokens`, with the token endpoint of the server at `url`. */
  attach({ url, tokens, storage, baseURL = url, adapter = 'xhr', options }: Setup): void {
    if (storage && tokens) localStorage.setItem('axios-attach-oauth', JSON.stringify(tokens))
    lab.api = axios.create({ baseURL, adapter })
    lab.session = attachOAuth(lab.api, storage ? webStore({ storage }) : memoryStore(tokens), {
      refresh: refreshAt(url),
      ...options,
    })
  },
  send: (config: AxiosRequestConfig): Promise<XhrOutcome> => outcome(lab.api.request(config)),
  many: (count: number): Promise<XhrOutcome[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => outcome(lab.api.get(`/items/${i}`)))),
}
export type Lab = typeof lab

declare global {
  var lab: Lab
}
Object.assign(globalThis, { lab })
