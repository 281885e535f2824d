import type { TokenRecord } from '../token-record.js'
import type { Superseded } from './persistence.js'

/** A save of `record` is superseded as soon as the session has another record. */
export function supersededByChange(state: { readonly record: TokenRecord | undefined }, record: TokenRecord): Superseded {
  return {
    get aborted() {
      return state.record !== record
    },
  }
}
