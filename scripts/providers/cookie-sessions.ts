import axios from 'axios'
import { attachOAuth, isOAuthError, type AttachedSession } from 'axios-attach-oauth'
import { httpOnlyCookies, type RefreshCookies } from 'axios-attach-oauth/cookies'
import { CookieBackend, CookieJar, type CookieShape } from './cookie-backend.js'
import { expect } from './mistake.js'
import type { ShapeChecks, ShapeTable } from './shape-table.js'

/** The refresh functions through which each backend is tried. */
type CookieWay = 'own axios' | 'own fetch'

interface Trial {
  readonly shape: CookieShape
  readonly backend: CookieBackend
  readonly jar: CookieJar
  readonly session: AttachedSession
  readonly events: string[]
  readonly request: (validFor?: number) => Promise<string>
}

const http = axios.getAdapter('http')

function refreshFunction(way: CookieWay, url: string, jar: CookieJar): RefreshCookies {
  const own = axios.create({ withCredentials: true })
  jar.attach(own, http)
  if (way === 'own axios') return async (_state, { signal }) => (await own.post(url, undefined, { signal })).data
  return async (_state, { signal }) => {
    const response = await jar.fetch(url, { method: 'POST', signal })
    if (response.status === 401) return null
    if (!response.ok) throw response
    return response.status === 204 ? undefined : response.json()
  }
}

/** The parts of a page that the store of cookie sessions uses. */
function standInForPage(): void {
  const items = new Map<string, string>()
  const localStorage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
  const page = globalThis as unknown as { document?: object }
  if (page.document) return
  page.document = {}
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: localStorage })
}

async function start(shape: CookieShape, way: CookieWay): Promise<Trial> {
  standInForPage()
  const backend = new CookieBackend(shape)
  const origin = await backend.listen()
  const jar = new CookieJar()
  jar.take(backend.login())
  const api = axios.create({ baseURL: origin })
  jar.attach(api, http)
  const refresh = refreshFunction(way, `${origin}/auth/refresh`, jar)
  const { isKnown = true, namesUser = true, lifetime = 3600, isExpired } = shape
  const session = attachOAuth(api, httpOnlyCookies({ refresh, key: origin }), {
    retry: { delay: 1 },
    ...(isExpired && { isExpired }),
  })
  if (isKnown) await session.signIn({ ...(namesUser && { user: 'ann' }), ...(lifetime !== Infinity && { expires_in: lifetime }) })
  const events: string[] = []
  session.on('signed_out', ({ reason }) => events.push(`signed_out ${reason}`))
  const request = async (validFor?: number): Promise<string> => {
    try {
      const oauth = validFor === undefined ? undefined : { validFor }
      return (await api.get<{ ok?: boolean }>('/me', { oauth })).data.ok ? 'ok' : 'rejected by the API'
    } catch (error) {
      return isOAuthError(error) ? error.code : String((error as Error).message)
    }
  }
  return { shape, backend, jar, session, events, request }
}

async function run(shape: CookieShape, way: CookieWay, body: (trial: Trial) => Promise<void>): Promise<void> {
  const trial = await start(shape, way)
  try {
    await body(trial)
    expect('requests that no page would send', trial.backend.mistakes, [])
  } finally {
    trial.session.detach()
    await trial.backend.close()
  }
}

const five = <Value>(create: () => Value): Value[] => Array.from({ length: 5 }, create)

/** Another user signs in at the backend, and the application does not know. The refresh tells. */
async function expectUserOfRefresh({ backend, jar, session, request }: Trial): Promise<void> {
  jar.take(backend.login('bob'))
  backend.expire()
  const outcomes = await Promise.all(five(request))
  expect('the requests of ann', outcomes, Array(5).fill('OAUTH_SIGNED_OUT'))
  const { user } = session.getSnapshot() as { user?: string }
  expect('the user, and what the API has answered', [user, backend.served], ['bob', []])
}

/** The application signs another user in while requests wait. */
async function expectUserOfSignIn({ backend, jar, session, request }: Trial): Promise<void> {
  let release: () => void = () => undefined
  backend.held = new Promise((resolve) => (release = resolve))
  backend.expire()
  const started = new Promise((resolve) => session.on('refresh_started', resolve))
  const outcomes = Promise.all(five(request))
  await started
  await session.signIn({ user: 'bob' })
  expect('the requests of ann', await outcomes, Array(5).fill('OAUTH_SIGNED_OUT'))
  expect('what the API has answered', backend.served, [])
  release()
  backend.held = undefined
  jar.take(backend.login('bob'))
}

const checks: ShapeChecks<CookieShape, CookieWay> = {
  /** Five requests with rejected cookies lead to one refresh, and each is sent again once. */
  'one refresh': (shape, way) =>
    run(shape, way, async ({ backend, request, session }) => {
      backend.expire()
      expect('the requests', await Promise.all(five(request)), Array(5).fill('ok'))
      expect('refreshes, rejected, served', [backend.refreshes, backend.rejected, backend.served.length], [1, 5, 5])
      expect('the status', session.getSnapshot().status, 'signed_in')
    }),

  /** A lifetime that the backend tells counts: the refresh comes before the request. Without one, only the API tells. */
  expiry: (shape, way) =>
    run(shape, way, async ({ backend, request, session }) => {
      const { lifetime = 3600, namesUser = true } = shape
      await session.refresh()
      const { expiresAt = Infinity } = session.getSnapshot() as { expiresAt?: number }
      const isRight = expiresAt === Infinity ? lifetime === Infinity : Math.abs(expiresAt - Date.now() - lifetime * 1000) < 30_000
      expect(`the expiry ${expiresAt}`, isRight, true)
      await session.signIn({ ...(namesUser && { user: 'ann' }), expires_in: 60 })
      expect('a request that needs more time than is left', await request(100_000), 'ok')
      expect('refreshes, rejected', [backend.refreshes, backend.rejected], [2, 0])
    }),

  /** Cookies that the API rejects before their expiry are renewed, and the request is sent again. */
  'early death': (shape, way) =>
    run(shape, way, async ({ backend, request }) => {
      expect('a first request', [await request(), backend.refreshes], ['ok', 0])
      backend.expire()
      expect('the request', await request(), 'ok')
      expect('refreshes', backend.refreshes, 1)
    }),

  /** A session that the backend has ended is over, and the refresh endpoint is left alone. */
  ended: (shape, way) =>
    run(shape, way, async ({ backend, request, session, events }) => {
      backend.expire()
      backend.mode = 'ended'
      const signedOut = new Promise((resolve) => session.on('signed_out', ({ reason }) => resolve(reason)))
      expect('the request', await request(), 'OAUTH_INVALID_GRANT')
      const { status, reason } = session.getSnapshot() as { status: string; reason?: string }
      expect('the snapshot', [status, reason], ['signed_out', 'invalid_grant'])
      // Without a known state there is no session to end.
      if (shape.isKnown !== false) expect('the event', await signedOut, 'invalid_grant')
      expect('a second request is ok', (await request()) === 'ok', false)
      expect('refreshes, events', [backend.refreshes, events.length], [1, shape.isKnown === false ? 0 : 1])
    }),

  /** An overload ends nothing, and the session works when it is over. */
  'overload kept': (shape, way) =>
    run(shape, way, async ({ backend, request, session, events }) => {
      const before = await session.tokens()
      backend.expire()
      backend.mode = 'overloaded'
      expect('the request is ok', (await request()) === 'ok', false)
      const { lastError } = session.getSnapshot()
      expect('the error', [lastError?.code, lastError?.retryable], ['OAUTH_REFRESH_UNAVAILABLE', true])
      expect('the events and the state', [events, await session.tokens()], [[], before])
      backend.mode = 'normal'
      await session.refresh()
      expect('the request afterwards', await request(), 'ok')
    }),

  /** Requests of one user are never sent again for another. */
  'another user': (shape, way) =>
    run(shape, way, async (trial) => {
      const { isKnown = true, namesUser = true } = shape
      if (!isKnown) await trial.session.signIn({ user: 'ann' })
      await (namesUser ? expectUserOfRefresh(trial) : expectUserOfSignIn(trial))
      expect('a request of bob', [await trial.request(), trial.backend.served], ['ok', ['bob']])
    }),
}

const silent = { lifetime: Infinity, namesUser: false }

/** Backends for `httpOnlyCookies`. */
export const cookieSessions: ShapeTable<CookieShape, CookieWay> = {
  title: 'Sessions in HttpOnly cookies',
  ways: ['own axios', 'own fetch'],
  checks,
  shapes: [
    { name: 'a backend that tells user and lifetime' },
    { name: 'a lifetime as text', answer: (user) => ({ body: { user, expires_in: '3600' } }) },
    { name: 'a user alone', answer: (user) => ({ body: { user } }), lifetime: Infinity },
    { name: 'a lifetime alone', answer: () => ({ body: { expires_in: 900 } }), lifetime: 900, namesUser: false },
    { name: '204 without a body', answer: () => ({ status: 204, body: '' }), ...silent },
    { name: '{ "success": true }', answer: () => ({ body: { success: true } }), ...silent },
    { name: 'tokens in the body, too', answer: (user) => ({ body: { user, expires_in: 3600, access_token: 'made-up' } }) },
    { name: 'a page that has cookies and no state', isKnown: false },
    { name: 'Laravel: 419', rejects: { status: 419, body: { message: 'x' } }, isExpired: [419], how: 'isExpired: [419]' },
    {
      name: 'NestJS: 401 with JSON, 429',
      rejects: { status: 401, body: { statusCode: 401, message: 'Unauthorized' } },
      ended: { status: 401, body: { statusCode: 401, message: 'Unauthorized' } },
      overloaded: {
        status: 429,
        headers: { 'retry-after': '0' },
        body: { statusCode: 429, message: 'ThrottlerException: Too Many Requests' },
      },
    },
    { name: 'Django: 401 with detail', ended: { status: 401, body: { detail: 'Token is invalid', code: 'token_not_valid' } } },
    {
      name: 'a proxy that answers 502 with HTML',
      overloaded: { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>' },
    },
  ],
}
