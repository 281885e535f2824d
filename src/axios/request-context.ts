import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios'
import type { Epoch } from '../session/epoch.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenProvider } from '../session/token-provider.js'
import type { Credential } from './credential.js'

export type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/**
 * `pending`: other interceptors run before this package's. `deferred`: the request waits for a token or, if it can't wait, is
 * sent without one. `refresh-request`: the refresh function sends it. `sent`: the request is under way with the credential of the
 * context.
 */
export type Stage = 'pending' | 'deferred' | 'refresh-request' | 'sent'

/** The data that this package keeps for a request. */
export interface RequestContext {
  readonly instance: AxiosInstance
  readonly provider: TokenProvider
  readonly stage: Stage
  /** `undefined` when no user was signed in. */
  readonly epoch: Epoch | undefined
  readonly token: ActiveToken | undefined
  readonly credential: Credential | undefined
  /** The start of the request on the monotonic clock; 0 when it has no time limit. */
  readonly startedAt: number
  /** Missing while request events have no listener. */
  readonly requestId: number | undefined
  /** The caller's own `beforeRedirect`. */
  readonly beforeRedirect: BeforeRedirect | undefined
}
