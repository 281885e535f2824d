import type { AxiosInstance, AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import type { Environment } from '../session/environment.js'
import type { TokenProvider } from '../session/token-provider.js'
import type { Carriers } from './carriers.js'
import type { CredentialFactory } from './credential.js'
import type { AttachOptions, StepUp } from './options.js'
import type { OriginRule } from './origin.js'
import type { RedirectGuard } from './redirect-guard.js'

/** Data shared by the interceptors of one instance. */
export interface Attachment {
  readonly instance: AxiosInstance
  readonly provider: TokenProvider
  readonly environment: Environment
  readonly credentials: CredentialFactory
  readonly carriers: Carriers
  readonly redirects: RedirectGuard
  readonly judgeOrigin: OriginRule
  /** Throws if the token must not be sent by the route of this request. */
  readonly requireSafeRoute: (config: InternalAxiosRequestConfig) => void
  readonly isAllowed: (config: AxiosRequestConfig) => boolean
  readonly stepUp: StepUp | undefined
  readonly isExpired: ((response: AxiosResponse) => boolean) | undefined
  readonly beforeResend: AttachOptions['beforeResend']
}
