import { readSettings } from '../../src/axios/options.js'
import type { SessionEvents, SessionOptions } from '../../src/index.js'
import { Session } from '../../src/session/session.js'
import type { RefreshContext, RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import type { FakeEnvironment } from './fake-environment.js'

/** A session in a world whose time stands still. Its refresh function needs a refresh token. */
export function startSession(
  environment: FakeEnvironment,
  store: TokenStore,
  refresh: RefreshFunction,
  options: SessionOptions = {},
): Session {
  const settings = readSettings(store, { refresh: Object.assign(refresh, { needsRefreshToken: true }), ...options })
  return new Session(store, settings, environment)
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

/** One call of a refresh function, which answers when it is told to. */
export interface HeldCall {
  readonly redeemed: string | undefined
  readonly context: RefreshContext
  readonly answer: (response: TokenJSON & { access_token: string }) => void
  readonly fail: (reason: unknown) => void
}

/** A refresh function whose calls are held in the hand. */
export function heldRefresh(): RefreshFunction & { calls: HeldCall[] } {
  const calls: HeldCall[] = []
  const refresh: RefreshFunction = (tokens, context) =>
    new Promise((answer, fail) => calls.push({ redeemed: tokens?.refresh_token, context, answer, fail }))
  return Object.assign(refresh, { calls })
}

/** What a session tells of these events, in order. */
export function listenTo(session: Session, ...names: (keyof SessionEvents)[]): unknown[] {
  const told: unknown[] = []
  for (const name of names) session.on(name, (event) => told.push([name, event]))
  return told
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
