import { defined } from '../defined.js'
import { neverConnected } from './connection.js'
import { attempt } from '../attempt.js'
import { collectEvidence, type Evidence } from './evidence.js'
import type { ClassifyOptions, Failure, FailureKind } from './failure.js'
import {
  clauseEnd,
  deadSession,
  endedCode,
  endedText,
  misconfiguredCode,
  namesMember,
  namesRefreshToken,
  otherCredential,
  otherError,
  otherScheme,
  overloadCode,
  overloadText,
  platformCode,
  probablyEndedCode,
  stateAlone,
  stillGood,
  withoutNames,
} from './patterns.js'

/**
 * True when a clause calls the refresh token, the session or its user expired, revoked or the like, or when the text has the
 * code with which Meta's APIs say so.
 */
function describesEnd(text: string): boolean {
  if (/oauthexception/i.test(text) && /\b190\b/.test(text)) return true
  const isNamed = namesRefreshToken.test(text)
  return text
    .split(clauseEnd)
    .some((clause) => !namesMember.test(clause) && (deadSession.test(clause) || (isNamed && stateAlone.test(clause))))
}

/** The errors of the grants mark a wrong setting, which no answer with an OAuth error reports. */
interface WrongSetting {
  readonly isMisconfigured?: unknown
}

/** The kind of failure, whether it is inferred, and the decisive code. */
type Verdict = readonly [kind: FailureKind, inferred?: boolean, code?: string | undefined]

function judge({ status = 0, headers, codes, error = '', ...evidence }: Evidence, inferFromStatus: boolean): Verdict {
  const texts = evidence.texts.map(withoutNames)
  const allText = texts.join('\n')
  const find = (pattern: RegExp): string | undefined =>
    // MSAL and Apollo call every answer with an error a ServerError.
    codes.find((code) => code !== 'ServerError' && pattern.test(code.replace(/.*[./#:]|[_-]/g, '').toLowerCase()))
  const overload = find(overloadCode)
  if (status === 407 || status === 429 || status >= 500 || overload || (status >= 400 && headers['retry-after']))
    return ['transient', false, overload]
  if ((!status && platformCode.test(evidence.networkCode ?? '')) || stillGood.test(allText)) return ['transient']
  const ended = find(endedCode)
  if (ended) return ['ended', false, ended]
  const misconfigured = find(misconfiguredCode)
  const invalidRequest = find(/^invalidrequest/)
  const inText = endedText.exec(allText)?.[0]
  // The description of unsupported_grant_type may also say "invalid grant".
  if (inText && misconfigured === invalidRequest) return ['ended', misconfigured !== undefined, inText]
  // A conflict, status 409, is with another refresh.
  if (status === 409 || overloadText.test(allText)) return ['transient']
  const isOther = otherCredential.test(allText)
  const probable = !isOther && find(probablyEndedCode)
  if (probable) return ['ended', true, probable]
  const mayEnd = !isOther && (invalidRequest ? !/account/i.test(allText) : !otherError.test(error))
  if (mayEnd && misconfigured === invalidRequest && texts.some(describesEnd)) return ['ended', true, misconfigured]
  if (misconfigured) return ['misconfigured', false, misconfigured]
  return status === 401 && inferFromStatus && mayEnd && !otherScheme.test(headers['www-authenticate'] ?? '')
    ? ['ended', true]
    : ['transient']
}

/**
 * True when a body has a code of its own where others have the status: with status 200, Withings sends `status: 503` for a wrong
 * parameter, and other servers send `code: 500` for any error.
 */
function hasOwnCode(body: unknown): boolean {
  const { status, code = status, headers } = Object(body) as Record<string, unknown>
  return !headers && Number(code) >= 500 && Number(code) < 600
}

/** Reads `Retry-After`. A date counts from the answer's `Date`, the server's own clock, if there is one. */
function retryAfterOf(headers: Evidence['headers'], now: number): number | undefined {
  const value = headers['retry-after'] ?? ''
  const seconds = value.trim() === '' ? NaN : Number(value)
  const ms = Number.isNaN(seconds) ? Date.parse(value) - (Date.parse(headers.date ?? '') || now) : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** The body for `classify`: that of the answer, or the thrown value. */
function bodyOf(error: unknown, { body, error: code }: Evidence): unknown {
  const { stack, response, headers } = Object(error) as Record<string, unknown>
  return (stack ?? response ?? headers) ? (body ?? (code && { error: code })) : error
}

/**
 * Classifies the value that a refresh function rejected with.
 * `now` is this machine's time, for a `Retry-After` that is a date. Never throws.
 */
export function classifyFailure(error: unknown, now: number, options: ClassifyOptions = {}): Failure {
  const evidence = collectEvidence(error)
  const isUnsure = options.isResolved === true && attempt(() => hasOwnCode(error)) === true
  // Such a number may yet be the status of a failing server, so that an end is never certain.
  if (isUnsure) evidence.status = undefined
  const { status, headers, codes, networkCode = '' } = evidence
  const infer = options.inferFromStatus !== false && !codes.includes('TokenEndpointError')
  const asked = attempt(() => options.classify?.({ status, headers, body: bodyOf(error, evidence), error }))
  const isDecided = asked === 'ended' || asked === 'misconfigured' || asked === 'transient'
  const isWrongSetting = attempt(() => (error as WrongSetting).isMisconfigured) === true
  const decided = isDecided ? asked : isWrongSetting && 'misconfigured'
  const [kind, inferred = false, code = evidence.error]: Verdict = decided ? [decided] : judge(evidence, infer)
  const oauthError = code?.replace(/.*[/#:]/, '')
  const notProcessed = status === undefined ? attempt(() => neverConnected(error)) : status === 429 || status === 503
  return defined({
    kind,
    inferred: inferred || (kind === 'ended' && !decided && isUnsure),
    isDecided: isDecided || undefined,
    notProcessed: kind === 'transient' && notProcessed === true,
    summary: oauthError ?? (status === undefined ? networkCode : `HTTP ${status}`),
    retryAfter: retryAfterOf(headers, now),
    status,
    oauthError,
  })
}
