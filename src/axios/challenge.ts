/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  readonly token68?: string
  /** Names are in lower case. The object has no prototype. */
  readonly parameters: Readonly<Record<string, string>>
}

// Each alternative begins with a different character, so hostile text can't cause backtracking.
const part = /[\s,]+|([!#$%&'*+.^_`|~\w/-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"=]+)))?(=*)|./gsy

/**
 * Parses `WWW-Authenticate`, one line or several (RFC 9110 §11.6.1, RFC 6750 §3). Skips malformed parts. Never throws.
 */
export function parseChallenges(header: unknown): Challenge[] {
  const text = Array.isArray(header) ? header.filter((line) => typeof line === 'string').join(', ') : header
  const challenges: { scheme: string; token68?: string; parameters: Record<string, string> }[] = []
  if (typeof text !== 'string') return challenges
  for (const [piece, name, quoted, plain] of text.matchAll(part)) {
    if (name === undefined) continue
    const present = challenges.at(-1)
    const value = quoted !== undefined ? quoted.replace(/\\(.)/gs, '$1') : plain
    if (value === undefined && !piece.endsWith('='))
      challenges.push({ scheme: name.toLowerCase(), parameters: Object.create(null) as Record<string, string> })
    else if (!present) continue
    else if (value === undefined) present.token68 ??= piece
    else present.parameters[name.toLowerCase()] ??= value
  }
  return challenges
}

/** Errors that a refresh can't resolve: RFC 6750 §3.1, RFC 9470 §3, and the claims challenge of Microsoft's servers. */
const incurable = /^insufficient_(scope|user_authentication|claims)$/

/**
 * The challenge that asks for more than a refresh can provide, if there is one. `meetsClaims`: so does `invalid_token` with claims, as sent
 * by Azure Resource Manager.
 */
export function beyondRefresh(challenges: readonly Challenge[], meetsClaims = false): Challenge | undefined {
  return challenges.find(
    ({ parameters: { error = '', claims } }) => incurable.test(error) || (meetsClaims && error === 'invalid_token' && claims),
  )
}

/**
 * Does the response reject the access token? A 401 does, even without a Bearer challenge: many APIs and gateways send none, and
 * one attempt is harmless. A 400 or 403 does if it says `invalid_token` (RFC 6750 §3.1). Call `beyondRefresh` first.
 */
export function rejectsToken(status: number, challenges: readonly Challenge[]): boolean {
  return (
    status === 401 ||
    ((status === 400 || status === 403) && challenges.some(({ parameters }) => parameters.error === 'invalid_token'))
  )
}
