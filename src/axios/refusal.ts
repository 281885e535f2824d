import type { AxiosResponse } from 'axios'
import { isStream } from './is-stream.js'
import { headerOf } from './redirect.js'
import { beyondRefresh, parseChallenges, rejectsToken, type Challenge } from './challenge.js'

/** A response that refuses the token. */
export type Refusal =
  /** A refresh may help. */
  | { readonly type: 'expired' }
  /** The resource server asks for more than a refresh can provide (RFC 6750 §3.1, RFC 9470). */
  | { readonly type: 'step-up'; readonly challenge: Challenge }

/** Reads the status and the challenges of a response. `meetsClaims`: as in `beyondRefresh`. */
export function refusalOf(response: AxiosResponse, meetsClaims?: boolean): Refusal | undefined {
  const { status } = response
  if (status !== 401 && status !== 403 && status !== 400) return undefined
  const challenges = parseChallenges(headerOf(response, 'www-authenticate'))
  const challenge = status === 400 ? undefined : beyondRefresh(challenges, meetsClaims)
  if (challenge) return { type: 'step-up', challenge }
  return rejectsToken(status, challenges) ? { type: 'expired' } : undefined
}

/** The message of an error for a challenge that was not met. `hasHandler`: the option `stepUp` is set. */
export function stepUpMessage({ parameters }: Challenge, hasHandler: boolean): string {
  const advice = `Sign in again with the scope or the acr_values of its challenge${hasHandler ? '' : ', or pass the option stepUp'}.`
  return `The resource server asks for more than a refresh can give (${parameters.error}). ${advice}`
}

/** Makes the rule of the option `isExpired`. A rule that throws counts as no answer, and a stream is never read. */
export function expiryRule(
  isExpired: readonly number[] | ((response: AxiosResponse) => unknown) | undefined,
): ((response: AxiosResponse) => boolean) | undefined {
  if (isExpired === undefined) return undefined
  if (typeof isExpired !== 'function') return ({ status }) => isExpired.includes(status)
  return (response) => {
    try {
      return isExpired(isStream(response.data) ? { ...response, data: undefined } : response) === true
    } catch {
      return false
    }
  }
}
