import type { AxiosInstance, AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { Environment } from '../session/environment.js'
import type { RequestSummary } from '../session/events.js'
import type { Session } from '../session/session.js'
import type { Registration } from './innermost.js'
import type { StepUp } from './options.js'
import type { OriginRule } from './origin.js'
import { publicURL } from './redact.js'

/** What the interceptors of one instance share. */
export interface Attachment {
  readonly instance: AxiosInstance
  readonly session: Session
  readonly environment: Environment
  readonly isAllowed: OriginRule
  readonly stepUp: StepUp | undefined
  readonly inPlace: Registration['inPlace']
  readonly isAlone: Registration['isAlone']
  readonly isSynchronous: Registration['isSynchronous']
}

/** Whose request this is; `undefined` when it has opted out. */
export function sessionOf({ oauth }: AxiosRequestConfig, attached: Session): Session | undefined {
  if (!oauth) return oauth === false ? undefined : attached
  // Told by its shape: a session of another copy of the package (ESM and CommonJS in one program) must not be taken for none.
  return (oauth as Partial<Session>).acquire ? (oauth as Session) : ((oauth as { session?: Session }).session ?? attached)
}

export function summaryOf(config: InternalAxiosRequestConfig): RequestSummary {
  return { method: (config.method ?? 'get').toUpperCase(), url: publicURL(config.url) }
}
