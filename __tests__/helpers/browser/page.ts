// The page of the browser tests: an axios instance attached to a web store. The address of the page holds its settings.
import axios from 'axios'
import { attachOAuth, isOAuthError, type TokenJSON } from '../../../src/index.js'
import { refreshToken } from '../../../src/grants/index.js'
import { webStore, type WebStoreOptions } from '../../../src/stores/web.js'

const settings = new URLSearchParams(location.search)
const text = (name: string): string => settings.get(name) ?? ''

/** Identifies this document: a reload creates another one. */
const documentId = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join('')

/** When the present token request began, for its expiry. */
let refreshStartedAt = 0
const tokenRequest = refreshToken({
  tokenEndpoint: text('tokenEndpoint'),
  clientId: 'public',
  fetch: (url, { headers, ...init }) =>
    fetch(url, {
      ...init,
      headers: { ...headers, 'x-document': documentId, 'x-sent-at': String(refreshStartedAt) },
      keepalive: settings.has('keepalive'),
    }),
})

const refresh: typeof tokenRequest = Object.assign((...values: Parameters<typeof tokenRequest>) => {
  refreshStartedAt = Date.now()
  return tokenRequest(...values)
}, tokenRequest)

const options = { storage: text('storage'), ...(settings.has('fallback') && { fallback: text('fallback') }) }
const store = webStore(options as WebStoreOptions)
const api = axios.create({ baseURL: text('apiUrl'), adapter: (settings.get('adapter') ?? 'xhr') as 'xhr' | 'fetch' })
const session = attachOAuth(api, store, {
  refresh,
  // Tokens that live for a second or two need many refreshes.
  refreshLimit: { count: 1000, interval: 1000 },
  ...(settings.has('storeTimeout') && { storeTimeout: Number(text('storeTimeout')) }),
})

export interface Outcome {
  status?: number
  code?: string
  message?: string
  /** Present when the error is not from axios. */
  stack?: string | undefined
}

async function get(path: string): Promise<Outcome> {
  try {
    return { status: (await api.get(path)).status }
  } catch (error) {
    const { response, code, message } = error as { response?: { status: number }; code?: string; message: string }
    return {
      ...(response && { status: response.status }),
      ...(code !== undefined ? { code } : { stack: (error as Error).stack }),
      message,
    }
  }
}

/** Reports to the test, which defines it before the page's scripts run. */
declare const tell: ((event: object) => void) | undefined
const report = (event: object): void => void (typeof tell === 'function' && tell({ document: documentId, ...event }))

let running = false
let answered = 0

async function sendContinuously(worker: number): Promise<void> {
  for (let i = 0; running; i++) {
    const outcome = await get(`/items/${worker}-${i}`)
    if (outcome.status === 200) answered++
    else report({ type: 'failed', ...outcome, resentAt: resentAt.get(`/items/${worker}-${i}`) })
    // Failures come without a pause of their own, and would keep a busy machine busy.
    await new Promise((resolve) => setTimeout(resolve, outcome.status === 200 ? 20 + Math.random() * 40 : 300))
  }
}

/** When each request was last sent for the second time, by its path. */
const resentAt = new Map<string, number>()
if (settings.has('start')) session.on('resent', ({ url, at }) => resentAt.set(new URL(url, text('apiUrl')).pathname, at))
session.on('signed_out', ({ reason }) => report({ type: 'signed_out', reason }))

const app = {
  document: documentId,
  api,
  session,
  store,
  get,
  many: (count: number) => Promise.all(Array.from({ length: count }, (_, i) => get(`/many/${i}`))),
  signIn: (tokens: TokenJSON) => session.signIn(tokens),
  signOut: () => session.signOut(),
  status: () => session.getSnapshot(),
  answered: () => answered,
  start(workers = 2) {
    running = true
    for (let worker = 0; worker < workers; worker++) void sendContinuously(worker)
  },
  stop() {
    running = false
  },
  async failure(work: () => unknown): Promise<Outcome> {
    try {
      await work()
      return { message: 'It worked' }
    } catch (error) {
      return isOAuthError(error) ? { code: error.code, message: error.message } : { message: String(error) }
    }
  },
}
export type App = typeof app
Object.assign(globalThis, { app })
if (settings.has('start')) app.start()
// In a worker each message is a path to request.
if (typeof document === 'undefined') addEventListener('message', async ({ data }) => postMessage(await get(String(data))))
