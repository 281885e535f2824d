import type { AxiosRequestConfig } from 'axios'
import type { TokenDemand } from '../session/token-provider.js'
import { isReplayable } from './body.js'
import { requestOptions } from './request-options.js'

const oneShot: TokenDemand = { isOneShot: true }

/** What the request requires of its token; `undefined` for most requests. */
export function demandOf(config: AxiosRequestConfig): TokenDemand | undefined {
  const validFor = config.oauth ? requestOptions(config)?.validFor : undefined
  if (validFor) return { validFor, isOneShot: !isReplayable(config) }
  return isReplayable(config) ? undefined : oneShot
}
