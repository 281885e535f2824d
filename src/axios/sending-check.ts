import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { epochEnded } from '../session/refresh-error.js'
import { carries, removeCredential } from './credential.js'
import { contextOf } from './request-context.js'
import { requestError } from './request-error.js'

/** Makes the check of epoch, credential and origin right before the adapter: a request transform may have changed them. */
export function sendingCheck(isAllowed: (config: AxiosRequestConfig) => boolean): (config: InternalAxiosRequestConfig) => void {
  return (config) => {
    const context = contextOf(config)
    if (!context || (context.stage !== 'sent' && context.stage !== 'deferred')) return
    const { provider, epoch, credential } = context
    if (!provider.isCurrent(epoch)) throw requestError(epochEnded(), config)
    if (!credential || (carries(config, credential) && isAllowed(config))) return
    removeCredential(config, credential)
    config.beforeRedirect = context.beforeRedirect as never
  }
}
