import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import type { Epoch } from '../session/epoch.js'
import { epochEnded } from '../session/refresh-error.js'
import type { TokenProvider } from '../session/token-provider.js'
import { contextOf, removeContext } from './carriers.js'
import { carries } from './redirect.js'
import { requestError } from './request-error.js'

/** Throws when the epoch of a request has ended. `response`: the answer to its first send. */
export function requireEpoch(
  provider: TokenProvider,
  epoch: Epoch | undefined,
  config: InternalAxiosRequestConfig,
  response?: AxiosResponse,
): void {
  if (!provider.isCurrent(epoch)) throw requestError(epochEnded(), config, response)
}

/** Makes the check of epoch, credential and origin right before the adapter: a request transform may have changed them. */
export function sendingCheck(isAllowed: (config: AxiosRequestConfig) => boolean): (config: InternalAxiosRequestConfig) => void {
  return (config) => {
    const context = contextOf(config)
    if (!context || (context.stage !== 'sent' && context.stage !== 'deferred')) return
    const { provider, epoch, credential } = context
    requireEpoch(provider, epoch, config)
    if (!credential || (carries(config, credential) && isAllowed(config))) return
    removeContext(config)
  }
}
