import { readSettings } from '../../src/axios/options.js'
import type { SessionOptions } from '../../src/index.js'
import { Session } from '../../src/session/session.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import type { FakeEnvironment } from './fake-environment.js'

/** A session of its own, in a world whose time stands still. Its refresh function needs a refresh token, unless it says otherwise. */
export function startSession(
  environment: FakeEnvironment,
  store: TokenStore,
  refresh: RefreshFunction | false,
  options: SessionOptions = {},
): Session {
  const usual = refresh && refresh.needsRefreshToken === undefined ? Object.assign(refresh, { needsRefreshToken: true }) : refresh
  return new Session(store, readSettings(store, { refresh: usual, ...options }), environment)
}

/** A set that was issued just now and lives so many seconds. */
export function tokenSet(environment: FakeEnvironment, n: number, seconds = 3600): TokenJSON & { access_token: string } {
  return {
    access_token: `a${n}`,
    refresh_token: `r${n}`,
    expires_in: seconds,
    expires_at: environment.wall / 1000 + seconds,
  }
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

/** What somebody else does to a store that is shared. */
export async function elsewhere(store: TokenStore, tokens: TokenJSON | undefined): Promise<void> {
  await store.write(tokens, { mode: 'set', replacing: undefined })
}

/** A store in memory whose writing goes through the test's hands. */
export function storeWith(tokens: TokenJSON | undefined, write: (kept: TokenStore) => Partial<TokenStore>): TokenStore {
  const kept = memoryStore(tokens)
  return { ...kept, ...write(kept) }
}
