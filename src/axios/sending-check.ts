import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { epochEnded } from '../session/refresh-error.js'
import { contextOf, removeContext } from './carriers.js'
import { carries } from './redirect.js'
import { requestError } from './request-error.js'

/** Makes the check of epoch, credential and origin right before the adapter: a request transform may have changed them. */
export function sendingCheck(isAllowed: (config: AxiosRequestConfig) => boolean): (config: InternalAxiosRequestConfig) => void {
  return (config) => {
    const context = contextOf(config)
    if (!context || (context.stage !== 'sent' && context.stage !== 'deferred')) return
    const { provider, epoch, credential } = context
    if (!provider.isCurrent(epoch)) throw requestError(epochEnded(), config)
    if (!credential || (carries(config, credential) && isAllowed(config))) return
    removeContext(config)
  }
}
