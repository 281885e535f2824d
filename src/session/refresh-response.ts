import { safeError } from '../errors.js'
import { attempt } from '../attempt.js'
import { parseText, type Failure } from '../policy.js'

const tokenName = /^(?!.*(csrf|xsrf|type|expir|ur[il]|endpoint|err)).*(token|jwt)|^access$/i

/** Does an object hold a token, perhaps nested, under a name that is not `access_token`? */
function holdsToken(value: unknown, depth = 3): boolean {
  return Object.entries(Object(value) as object).some(([name, member]: [string, unknown]) =>
    typeof member === 'object' ? depth > 0 && holdsToken(member, depth - 1) : member && tokenName.test(name),
  )
}

/** Did the refresh function resolve with tokens in another form, a whole response or a flag, so that a retry is pointless? */
export function isMisshapen(resolvedWith: unknown, { kind, status = 0, oauthError }: Failure): boolean {
  if (kind !== 'transient' || status >= 400 || oauthError !== undefined) return false
  if (typeof resolvedWith === 'string') return /^[\w.~+/=-]{20,}$/.test(resolvedWith)
  // A getter of the answer may throw.
  return resolvedWith === true || attempt(() => 'headers' in Object(resolvedWith) || holdsToken(resolvedWith)) === true
}

/** Parses an answer that is still text, and throws the body of an error sent with status 200. */
export function checkResponse(given: unknown): unknown {
  if (given === undefined) throw safeError('the refresh function resolved with undefined')
  const response = typeof given === 'string' ? parseText(given) : given
  const { access_token, refresh_token, error } = Object(response) as Partial<Record<string, unknown>>
  // A new refresh token is kept even if the rest of the answer is unusable.
  const isUsable = access_token || (refresh_token && typeof refresh_token === 'string')
  if (response && (!isUsable || (error && !access_token))) throw response
  return response
}
