import { copyJSON } from '../copy-json.js'
import type { TokenJSON, TokenMembers, TokenStore } from '../types.js'

/**
 * Keeps the token set in memory: it is gone with the process or the page. A set with `expires_in` alone does not tell when it was
 * issued, so its expiry is unknown: pass `expires_at`, or the token response itself to `signIn`.
 *
 * @example
 * attachOAuth(api, memoryStore({ access_token, refresh_token, expires_at }), { refresh })
 */
export function memoryStore(tokens?: TokenJSON | TokenMembers): TokenStore {
  let kept = tokens && (copyJSON(tokens) as TokenJSON)
  return {
    name: 'memory',
    read: () => kept && copyJSON(kept),
    write(next) {
      kept = next && copyJSON(next)
    },
  }
}
