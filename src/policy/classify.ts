import { defined } from '../defined.js'
import { neverConnected } from './connection.js'
import { attempt, collectEvidence, type Evidence } from './evidence.js'
import type { ClassifyOptions, Failure, FailureKind } from './failure.js'

// Code patterns match the last part of a code, in lower case, without separators.

const overloadCode =
  /ratelimit|toomany|throttl|^slowdown|(temporarily|service|^)unavailable|servererror$|proxyauth|exhausted|(limit|quota)exceeded/
const overloadText =
  /too many (request|attempt|call)|rate.?limit|throttl|(limit|quota) (reached|exceeded)|temporarily|service (is )?unavailable|maintenance|again later|being used|(currently|already) in use|concurrent (request|refresh|use)|request (\w+ ){0,2}blocked|blocked (\w+ )?request|firewall/i

const endedCode = /^(invalidgrant|(bad|invalid)refreshtoken)(exception|error)?$/
/** An ended session as reported in a sentence, in XML, or in JSON that could not be parsed. */
const endedText = /\b(invalid[ _-]grant(?!.?type)|(bad|invalid)_refresh_token)\b/i
const probablyEndedCode =
  /^((interaction|login|signin|consent|accountselection|\w*auth\w*|mfa)required|(err)?((user|refresh)?(token|jwt)|(auth)?session|user|account)(expired|notvalid|revoked|notfound|invalid|inactive|missing|disabled|banned|\w*locked|suspended|(already|re)used|unauthenticated)|(expired|invalid|revoked|no|missing)(user|refresh|session)?(token|session)|invalidcode|no(tokensfound|(active)?account(found|insilentrequest)?)|(not|un)authenticated)(auth|id)?(exception|error)?$/

const misconfiguredCode = /^((invalid|unauthorized|incorrect|bad)(client|scope|target|granttype)|invalidrequest|unsupported)/

/** Descriptions that blame the request, not the refresh token. */
const blamesRequest = /missing|required|expected|empty|only one|grant.?type/i
const otherSubjects =
  /invalid.?(request|client)\w*|\b(access|id|csrf|xsrf|unexpected|\w*captcha|turnstile|verification|forgery|device).?token|(quic|tls|ssl).session|(to|not) refresh( the)? token|token.?(type|endpoint|request|response|fail)|token refresh\b/gi
const deadToken =
  /inv.lid|expir|revoked|re-?use|used\b|(not|n't|no longer) (valid|found|active|recogni)|(does not|n't) exist|no such|un(known|recogni)|inactive|incorrect|malformed|bad.?refresh|deleted|\wlisted|ung.ltig|abgelaufen/i
/** A session or token, named without "refresh", that is the subject of the sentence. */
const deadSession =
  /\b(token|jwt|session)(( \w+){0,4} (is|was|has|had)( \w+)?)? (invalid|expired|revoked)|(invalid|expired|revoked) (\w+ )?(token|jwt|session)\b/i

/**
 * True when a description calls the refresh token invalid, expired, revoked or used, or has the code with which Meta's APIs say
 * so.
 */
function describesEnd(text: string, subject: RegExp): boolean {
  if (/oauthexception/i.test(text) && /\b190\b/.test(text)) return true
  const rest = text.replace(otherSubjects, '')
  return !blamesRequest.test(rest) && (deadSession.test(rest) || (subject.test(rest) && deadToken.test(rest)))
}

/** The errors of the grants mark a wrong setting, which no answer with an OAuth error reports. */
interface WrongSetting {
  readonly isMisconfigured?: unknown
}

/** The kind of failure, whether it is inferred, and the decisive code. */
type Verdict = readonly [kind: FailureKind, inferred?: boolean, code?: string | undefined]

function judge({ status = 0, headers, codes, texts }: Evidence, inferFromStatus: boolean): Verdict {
  const find = (pattern: RegExp): string | undefined =>
    // MSAL and Apollo call every answer with an error a ServerError.
    codes.find((code) => code !== 'ServerError' && pattern.test(code.replace(/.*[./#:]|[_-]/g, '').toLowerCase()))
  const overload = find(overloadCode)
  if (status === 407 || status === 429 || status >= 500 || overload || (status >= 400 && headers['retry-after']))
    return ['transient', false, overload]
  const ended = find(endedCode)
  if (ended) return ['ended', false, ended]
  const inText = endedText.exec(texts.join())?.[0]
  if (inText) return ['ended', false, inText]
  if (texts.some((text) => overloadText.test(text))) return ['transient']
  const probable = find(probablyEndedCode)
  if (probable) return ['ended', true, probable]
  const misconfigured = find(misconfiguredCode)
  const invalidRequest = find(/^invalidrequest/)
  const subject = invalidRequest ? /token/i : /refresh.?token/i
  if (misconfigured === invalidRequest && texts.some((text) => describesEnd(text, subject))) return ['ended', true, misconfigured]
  if (misconfigured) return ['misconfigured', false, misconfigured]
  // A Basic challenge concerns the client's own authentication (RFC 6749 §5.2).
  return status === 401 && inferFromStatus && !/^basic\b/i.test(headers['www-authenticate'] ?? '')
    ? ['ended', true]
    : ['transient']
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
  const { status, headers, codes, networkCode = '' } = evidence
  const infer = options.inferFromStatus !== false && !codes.includes('TokenEndpointError')
  const asked = attempt(() => options.classify?.({ status, headers, body: bodyOf(error, evidence), error }))
  const isDecided = asked === 'ended' || asked === 'misconfigured' || asked === 'transient'
  const known = attempt(() => (error as WrongSetting).isMisconfigured) === true && 'misconfigured'
  const decided = isDecided ? asked : known
  const [kind, inferred = false, code = evidence.error]: Verdict = decided ? [decided] : judge(evidence, infer)
  const oauthError = code?.replace(/.*[/#:]/, '')
  const notProcessed = status === undefined ? attempt(() => neverConnected(error)) : status === 429 || status === 503
  return defined({
    kind,
    inferred,
    isDecided: isDecided || undefined,
    notProcessed: kind === 'transient' && notProcessed === true,
    summary: oauthError ?? (status === undefined ? networkCode : `HTTP ${status}`),
    retryAfter: retryAfterOf(headers, now),
    status,
    oauthError,
  })
}
