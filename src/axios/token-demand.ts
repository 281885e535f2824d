import type { AxiosRequestConfig } from 'axios'
import type { TokenDemand } from '../session/token-provider.js'
import { isReplayable } from './body.js'
import { requestOptions } from './request-options.js'

/** What the request requires of its token; `undefined` for most requests. */
export function demandOf(config: AxiosRequestConfig): TokenDemand | undefined {
  const validFor = requestOptions(config)?.validFor
  const isOneShot = !isReplayable(config)
  return validFor || isOneShot ? { validFor, isOneShot } : undefined
}
