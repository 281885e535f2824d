import type { TokenJSON } from '../index.js'

/** The n-th made-up token set. No two of them share a token. */
export function tokenSet(n: number, more: TokenJSON = {}): TokenJSON {
  return {
    access_token: `made-up-access-${n}`,
    refresh_token: `made-up-refresh-${n}`,
    token_type: 'Bearer',
    expires_in: 3600,
    expires_at: 4_102_444_800 + n,
    ...more,
  }
}
