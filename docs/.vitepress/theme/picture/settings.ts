/** The choices of the reader. */
export interface Settings {
  /** `unknown`: the token response has no `expires_in`. `expired`: the token is known to have expired. `soon`: it expires in 40 s. */
  readonly expiry: 'unknown' | 'expired' | 'soon'
  /** `token`: a new token set. `unavailable`: 503. `ended`: `invalid_grant`. */
  readonly answer: 'token' | 'unavailable' | 'ended'
  /** How long the token endpoint takes, in milliseconds. */
  readonly latency: number
  readonly tabs: 1 | 2
}

export const REQUESTS = 200

export const defaults: Settings = { expiry: 'unknown', answer: 'token', latency: 600, tabs: 1 }
