import { readSettings } from '../../src/axios/options.js'
import { persistenceFor } from '../../src/axios/persistence-for.js'
import { sessionObject } from '../../src/axios/session-object.js'
import type { Session, SessionEventName, SessionOptions } from '../../src/index.js'
import type { RefreshResult } from '../../src/session/in-flight-refresh.js'
import { openSession, type OpenSession } from '../../src/session/open-session.js'
import type { ActiveToken } from '../../src/session/state.js'
import { runStepUp } from '../../src/session/step-up-run.js'
import type { TokenResult } from '../../src/session/token-provider.js'
import type {
  RefreshContext,
  RefreshFunction,
  TokenJSON,
  SharedStoreDefinition,
  TokenResponse,
  TokenStore,
} from '../../src/types.js'
import { persistenceOf } from '../../src/persistence/persistence-of.js'
import { sharedStore } from '../../src/shared.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { FakeEnvironment } from './fake-environment.js'

/** A session as applications see it, and what the interceptors ask of it: results are returned or thrown. */
export interface TestSession extends Session {
  readonly open: OpenSession
  peekToken(isOneShot?: boolean, again?: boolean): ActiveToken | undefined
  getToken(isOneShot?: boolean): Promise<ActiveToken | undefined>
  getTokenAfter401(token: ActiveToken): Promise<ActiveToken>
  runStepUp(work: () => Promise<TokenResponse>): Promise<ActiveToken>
  isRefreshRequest(request: { readonly signal?: unknown }): boolean
  watchStore(): () => void
}

/** Callers that share a result share its promise. */
const shared = new WeakMap<Promise<TokenResult>, Promise<ActiveToken | undefined>>()

function tokenOf(result: TokenResult): ActiveToken | undefined {
  if (result.type === 'token') return result.token
  if (result.type === 'none') return undefined
  throw result.error
}

const certain = (result: RefreshResult): ActiveToken => tokenOf(result)!

/** A session whose clock stands still. Its refresh function needs a refresh token, unless it says otherwise. */
export function startSession(
  environment: FakeEnvironment,
  given: TokenStore & Partial<SharedStoreDefinition>,
  refresh: RefreshFunction | false,
  options: SessionOptions = {},
): TestSession {
  const usual = refresh && refresh.needsRefreshToken === undefined ? Object.assign(refresh, { needsRefreshToken: true }) : refresh
  const store = shareable(given)
  const settings = readSettings('createSession', store, { refresh: usual, ...options })
  const open = openSession(persistenceFor('startSession', store), settings, environment)
  const { provider, sync } = open
  return Object.assign(sessionObject(open), {
    open,
    peekToken: (isOneShot = false, again = false) => provider.peekToken(isOneShot ? { isOneShot } : undefined, again),
    getToken(isOneShot = false) {
      const result = provider.getToken(isOneShot ? { isOneShot } : undefined)
      const token = shared.get(result) ?? result.then(tokenOf)
      shared.set(result, token)
      return token
    },
    getTokenAfter401: (token: ActiveToken) => provider.getTokenAfter401(token).then(certain),
    runStepUp: (work: () => Promise<TokenResponse>) => runStepUp(provider.services, work).then(certain),
    isRefreshRequest: (request: { readonly signal?: unknown }) => provider.isRefreshRequest(request),
    watchStore: () => sync.watch(),
  })
}

/** A token set that lives `seconds` from now on. */
export function tokensFor(environment: FakeEnvironment, n: number, seconds = 3600): TokenJSON & { access_token: string } {
  return {
    access_token: `a${n}`,
    refresh_token: `r${n}`,
    expires_in: seconds,
    expires_at: environment.wall / 1000 + seconds,
  }
}

/** One call of a refresh function, which answers when the test says so. */
export interface RefreshCall {
  readonly redeemed: string | undefined
  readonly context: RefreshContext
  readonly answer: (response: (TokenJSON & { access_token: string }) | null) => void
  readonly fail: (reason: unknown) => void
}

/** A refresh function whose calls the test answers. */
export function controlledRefresh(): RefreshFunction & { calls: RefreshCall[] } {
  const calls: RefreshCall[] = []
  const refresh: RefreshFunction = (tokens, context) =>
    new Promise((answer, fail) => calls.push({ redeemed: tokens?.refresh_token, context, answer, fail }))
  return Object.assign(refresh, { calls })
}

/** Issues a2, a3, … and remembers the refresh tokens that it was given. */
export function issuer(seconds = 3600): RefreshFunction & { redeemed: unknown[] } {
  const redeemed: unknown[] = []
  const refresh: RefreshFunction = async (present) => {
    redeemed.push(present?.refresh_token)
    const n = redeemed.length + 1
    return { access_token: `a${n}`, refresh_token: `r${n}`, expires_in: seconds }
  }
  return Object.assign(refresh, { redeemed })
}

/** The members that events of every kind share, and those that tell of the course of a refresh. */
const commonMembers = [
  'type',
  'at',
  'session',
  'refreshId',
  'startedBy',
  'duration',
  'attempts',
  'lockWait',
  'waiting',
  'requestId',
  'waited',
  'outcome',
]

/** The events of these names, in order, without the members that most events share. */
export function listenTo(session: Session, ...names: SessionEventName[]): unknown[] {
  const events: unknown[] = []
  const own = (event: object): object =>
    Object.fromEntries(Object.entries(event).filter(([name]) => !commonMembers.includes(name)))
  for (const name of names) session.on(name, (event) => events.push([name, own(event)]))
  return events
}

/** The store, and how often it was read and what was written to it. */
export function counted(store: TokenStore): TokenStore & { reads: number; written: unknown[] } {
  const counts = {
    ...store,
    reads: 0,
    written: [] as unknown[],
    read: () => (counts.reads++, store.read()),
    write: (...args: Parameters<TokenStore['write']>) => (counts.written.push(args[0]?.access_token), store.write(...args)),
  }
  return counts
}

/** What another session does to a store that both share. */
export async function storeElsewhere(store: TokenStore, tokens: TokenJSON | undefined): Promise<void> {
  await store.write(tokens, { mode: 'set', replacing: undefined })
}

/** A memory store whose functions the test replaces; a shared store when it brings a lock. */
export function storeWith(
  tokens: TokenJSON | undefined,
  replace: (kept: TokenStore) => Partial<SharedStoreDefinition>,
): TokenStore {
  const kept = memoryStore(tokens)
  return shareable({ ...kept, ...replace(kept) })
}

/** A store whose functions the test replaces; a shared store when it brings a lock. */
export function shareable(store: TokenStore & Partial<SharedStoreDefinition>): TokenStore {
  return store.lock && !(persistenceOf in store) ? sharedStore(store as SharedStoreDefinition) : store
}
