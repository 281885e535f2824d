import type { TokenStore } from 'axios-attach-oauth'
import { sharedRecord } from './records.js'

/** The store of one user, over a place that all workers share. */
export function openStore(user: string): TokenStore {
  return sharedRecord(`tokens:${user}`)
}
