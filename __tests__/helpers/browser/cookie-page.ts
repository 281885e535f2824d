// The page of the cookie tests: an axios instance attached to a session in HttpOnly cookies. The address of the page holds its settings.
import axios from 'axios'
import { httpOnlyCookies } from '../../../src/cookies.js'
import { attachOAuth, isOAuthError } from '../../../src/index.js'

const settings = new URLSearchParams(location.search)
const baseURL = settings.get('backend') ?? '/'
const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(new URL(path, new URL(baseURL, location.href)), { method: 'POST', credentials: 'include', ...init })

const api = axios.create({ baseURL, withXSRFToken: true, adapter: (settings.get('adapter') ?? 'xhr') as 'xhr' | 'fetch' })
const store = httpOnlyCookies({
  async refresh(_state, { signal }) {
    const response = await call('/auth/refresh', { signal })
    if (response.status === 401) return null
    if (!response.ok) throw response
    return response.json() as Promise<{ user: string; expires_in: number }>
  },
  revoke: ({ signal }) => call('/auth/logout', { signal }),
})
const session = attachOAuth(api, store)
const events: string[] = []
session.on('*', ({ type }) => events.push(type))
session.subscribe(() => undefined)

export interface CookieOutcome {
  status?: number
  data?: unknown
  code?: string
}

const cookieApp = {
  session,
  events,
  status: () => session.getSnapshot(),
  async login(user: string) {
    const { data } = await api.post<{ user: string; expires_in: number }>('/auth/login', { user })
    await session.signIn(data)
  },
  async send(method: string, url: string): Promise<CookieOutcome> {
    try {
      const { status, data } = await api.request<unknown>({ method, url })
      return { status, data }
    } catch (error) {
      const { code, response } = error as { code?: string; response?: { status: number } }
      return { ...(isOAuthError(error) && code !== undefined && { code }), ...(response && { status: response.status }) }
    }
  },
  many: (count: number, method = 'GET') =>
    Promise.all(Array.from({ length: count }, (_, i) => cookieApp.send(method, `/api/${i}`))),
  kept: () => JSON.stringify({ ...localStorage }) + document.cookie,
}

export type CookieApp = typeof cookieApp
Object.assign(globalThis, { cookieApp })
