import axios from 'axios'
import {
  attachOAuth,
  createSession,
  isOAuthError,
  memoryStore,
  type SessionSnapshot,
  type TokenJSON,
  type TokenStore,
} from 'axios-attach-oauth'
import { expect, mistakeOf } from './mistake.js'
import { ways, type Provider, type Way } from './provider.js'
import { refreshFunction } from './refresh-functions.js'
import { ProviderServer, standardAnswer } from './server.js'

/** What became of a request: `ok`, or the code of its error. */
type Outcome = string

/** One provider with an application, tried in one way. */
interface Trial {
  readonly provider: Provider
  readonly way: Way
  readonly server: ProviderServer
  readonly store: TokenStore
  readonly session: ReturnType<typeof attachOAuth>
  readonly events: string[]
  readonly request: () => Promise<Outcome>
}

/** The set that the program of a user has stored. */
function storedSet({ stored, issue = standardAnswer }: Provider, server: ProviderServer, isExpired: boolean): TokenJSON {
  const tokens = server.tokens
  if (stored) return stored(tokens, isExpired)
  const { body } = issue(tokens)
  const given = typeof body === 'object' ? body : standardAnswer(tokens).body
  const { expires_in: _lifetime, ...rest } = given as TokenJSON
  return { ...rest, expires_at: Math.floor(tokens.now / 1000) + (isExpired ? -60 : 3600) }
}

async function start(provider: Provider, way: Way, isExpired: boolean): Promise<Trial> {
  const server = new ProviderServer(provider)
  const origin = await server.listen()
  const store = memoryStore(storedSet(provider, server, isExpired))
  const api = axios.create({ baseURL: origin })
  provider.prepare?.(api)
  const refresh = refreshFunction(way, `${origin}/token`, provider)
  const session = attachOAuth(api, store, { retry: { delay: 1 }, ...provider.options, refresh })
  const events: string[] = []
  session.on('signed_out', ({ reason }) => events.push(`signed_out ${reason}`))
  const request = async (): Promise<Outcome> => {
    try {
      return (await api.get<{ ok?: boolean }>('/me')).data.ok ? 'ok' : 'rejected by the API'
    } catch (error) {
      return isOAuthError(error) ? error.code : String((error as Error).message)
    }
  }
  return { provider, way, server, store, session, events, request }
}

const statusOf = ({ session }: Trial): SessionSnapshot['status'] => session.getSnapshot().status

/** The member of the record with which the sign-in is remembered is left out. */
const storedIn = async ({ store }: Trial): Promise<TokenJSON | undefined> => (await store.read()) ?? undefined

async function expectExpiry(trial: Trial, expiry: number): Promise<void> {
  const { session, server } = trial
  const snapshot = session.getSnapshot()
  expect('the status', snapshot.status, 'signed_in')
  const { expiresAt = Infinity } = snapshot as { expiresAt?: number }
  const isRight = Math.abs(expiresAt - expiry) < 30_000 || expiresAt === expiry
  expect(`the expiry (${expiresAt - Date.now()} ms from now)`, isRight, true)
  // Another program that reads the record sees this expiry, too.
  const again = createSession(memoryStore(await storedIn(trial)), { refresh: false })
  await again.tokens()
  const { expiresAt: read = Infinity } = again.getSnapshot() as { expiresAt?: number }
  expect('the expiry of the record', Math.abs(read - expiresAt) < 2000 || read === expiresAt, true)
  expect('the access token', await again.getAccessToken(), server.accepted)
}

async function expectSession(trial: Trial, expiry: number): Promise<void> {
  const { provider } = trial
  await expectExpiry(trial, expiry)
  const stored = (await storedIn(trial)) ?? {}
  for (const [name, value] of Object.entries(provider.keeps ?? {})) expect(`the member ${name}`, stored[name], value)
}

async function run<Result>(
  provider: Provider,
  way: Way,
  isExpired: boolean,
  body: (trial: Trial) => Promise<Result>,
): Promise<Result> {
  const trial = await start(provider, way, isExpired)
  try {
    const result = await body(trial)
    expect('token requests that the provider does not understand', trial.server.mistakes, [])
    return result
  } finally {
    trial.session.detach()
    await trial.server.close()
  }
}

const expiryOf = ({ lifetime = 3600 }: Provider): number => Date.now() + lifetime * 1000

/** The checks by name. Each throws when something is wrong. */
export const checks = {
  /** A stored set is read, and its token reaches the API. */
  loads: (provider: Provider, way: Way) =>
    run(provider, way, false, async ({ request, server }) => {
      expect('the request', await request(), 'ok')
      expect('token requests', server.tokenRequests <= 1, true)
    }),

  /** The answer of the token endpoint is a valid argument of `signIn`. */
  'signs in': (provider: Provider, way: Way) =>
    run(provider, way, true, async (trial) => {
      const { server, session, request } = trial
      const { body } = (provider.issue ?? standardAnswer)(server.tokens)
      // Text and other forms are read by the application.
      if (typeof body === 'string' || provider.wrap) return
      await session.signIn(body as TokenJSON)
      expect('the request', await request(), 'ok')
      await expectExpiry(trial, expiryOf(provider))
      expect('token requests', server.tokenRequests, 0)
    }),

  /** Five requests with an expired token lead to one token request. */
  'one refresh': (provider: Provider, way: Way) =>
    run(provider, way, true, async ({ request, server }) => {
      const refreshed = server.tokenRequests
      // Where the expiry is not known the API tells.
      server.accepted = 'made-up-other'
      const outcomes = await Promise.all(Array.from({ length: 5 }, request))
      expect('the requests', outcomes, Array(5).fill('ok'))
      expect('token requests', server.tokenRequests - refreshed, 1)
    }),

  /** After a refresh the record has all members and the new tokens, the expiry is right, and a second refresh works. */
  'keeps, expiry': (provider: Provider, way: Way) =>
    run(provider, way, true, async (trial) => {
      await trial.session.refresh()
      await expectSession(trial, expiryOf(provider))
      await trial.session.refresh()
      await expectSession(trial, expiryOf(provider))
      expect('token requests', trial.server.tokenRequests, 2)
    }),

  /** A token that the API rejects before its expiry is renewed, and the request is sent again. */
  'early death': (provider: Provider, way: Way) =>
    run(provider, way, false, async ({ request, server }) => {
      await request()
      const before = server.tokenRequests
      server.accepted = 'made-up-other'
      expect('the request', await request(), 'ok')
      expect('token requests', server.tokenRequests - before, 1)
    }),

  /** A dead refresh token ends the session, and the token endpoint is left alone. */
  ended: (provider: Provider, way: Way) =>
    run(provider, way, true, async (trial) => {
      const { server, request, events } = trial
      const before = await storedIn(trial)
      server.accepted = 'made-up-other'
      server.mode = 'ended'
      const { means = 'ended', meansForGrants = means } = provider.ended ?? {}
      const meaning = way === 'grants' || way === 'refresh-token' ? meansForGrants : means
      const outcome = await request()
      if (meaning === 'kept') return expect('the status', statusOf(trial), 'signed_in')
      expect('the request', outcome, 'OAUTH_INVALID_GRANT')
      expect('the event', events, ['signed_out invalid_grant'])
      const { status, reason } = trial.session.getSnapshot() as { status: string; reason?: string }
      expect('the snapshot', [status, reason], ['signed_out', 'invalid_grant'])
      expect('the stored set', await storedIn(trial), meaning === 'ended' ? undefined : before)
      expect('a second request is ok', (await request()) === 'ok', false)
      expect('token requests', server.tokenRequests, 1)
    }),

  /** An overload keeps the tokens, and the session works when it is over. */
  'overload kept': (provider: Provider, way: Way) =>
    run(provider, way, true, async (trial) => {
      const { server, session, request, events } = trial
      const before = await storedIn(trial)
      server.accepted = 'made-up-other'
      server.mode = 'overloaded'
      expect('the request', (await request()) === 'ok', false)
      const { lastError } = session.getSnapshot()
      expect('the error', [lastError?.code, lastError?.retryable], ['OAUTH_REFRESH_UNAVAILABLE', true])
      expect('the status and the events', [statusOf(trial), events], ['signed_in', []])
      expect('the stored set', await storedIn(trial), before)
      server.mode = 'normal'
      await session.refresh()
      expect('the request afterwards', await request(), 'ok')
    }),
}
export type CheckName = keyof typeof checks
export const checkNames = Object.keys(checks) as CheckName[]

/** The ways that make a difference for a check: all, or one where nothing is refreshed. */
export function waysFor(name: CheckName, provider: Provider): readonly Way[] {
  const all = provider.ways ?? ways
  return name === 'loads' || name === 'signs in' ? all.slice(0, 1) : all
}

/** Runs one check in one way. Resolves with the mistake, or with `undefined` when everything is right. */
export function tryCheck(name: CheckName, provider: Provider, way: Way): Promise<string | undefined> {
  return mistakeOf(`${provider.name}, ${way}, ${name}`, () => checks[name](provider, way))
}
