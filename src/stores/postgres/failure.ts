import { OAuthError, brandAsSafe, isOAuthError } from '../../errors.js'

const advice: Readonly<Record<string, string>> = {
  '42P01': 'its table is missing: create it with postgresSchema()',
  '42703': 'its table lacks a column: compare it with postgresSchema()',
  '42501': 'permission denied: the user needs SELECT, INSERT, UPDATE and DELETE on the table',
  '28P01': 'the password is wrong',
  '25006': 'the server is read-only: connect to the primary',
  '53100': 'the disk of the server is full',
  '53300': 'the server has too many connections: the store needs one beside those of the pool',
  '55P03': 'another transaction has locked the row',
  '57P01': 'the server is shutting down',
  '57P03': 'the server is starting or shutting down',
  ECONNREFUSED: 'the server refuses connections',
}

/** Failures of the connection only: the statement can be repeated on another connection. */
const outages = new Set(['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT'])

function codeOf(cause: unknown): string | undefined {
  const code = (cause as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : undefined
}

/** Returns whether the connection has ended, or none could be opened. */
export function isOutage(error: unknown): boolean {
  const failure = isOAuthError(error) ? error.cause : error
  const code = codeOf(failure)
  if (code !== undefined) return outages.has(code) || code.startsWith('08')
  return /^Connection terminated|^Client (was closed|has encountered a connection error)/.test(
    String((failure as Error | undefined)?.message),
  )
}

/**
 * Makes the typed error of a failed statement. A server's message may quote values, so only its code is kept; a client's message
 * is kept.
 */
export function postgresFailure(name: string, verb: string, cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause
  const code = codeOf(cause)
  const message = cause instanceof Error && code === undefined ? cause.message : undefined
  const detail = (code && (advice[code] ? `${code}: ${advice[code]}` : code)) ?? message ?? 'unknown reason'
  return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb} (${detail}).`, {
    cause: brandAsSafe(
      Object.assign(new Error(message ?? `PostgreSQL: ${code ?? 'unknown reason'}`), code !== undefined && { code }),
    ),
  })
}
