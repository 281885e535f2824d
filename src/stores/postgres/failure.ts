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

/**
 * The messages without a code of `pg` and of this store. Any other message may quote a statement's parameters, as those of query
 * builders and tracing wrappers do.
 */
const knownMessages = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Connection terminated: the connection took too long to open',
  'Client was closed and is not queryable',
  'Client has encountered a connection error and is not queryable',
  'Query read timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Cannot use a pool after calling end on the pool',
  'the pool has ended',
  'Password must be a string',
  'The server does not support SSL connections',
  'There was an error establishing an SSL connection',
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string',
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string',
])

/** A SQLSTATE, or a code of Node.js. */
const codePattern = /^(?:[0-9A-Z]{5}|[A-Z][A-Z_]{1,47})$/

/** Returns the code of an error, or of the error that a wrapper has put into `cause`. */
function codeOf(error: unknown): string | undefined {
  for (const candidate of [error, (error as Error | null | undefined)?.cause]) {
    const code = (candidate as { code?: unknown } | null | undefined)?.code
    if (typeof code === 'string' && codePattern.test(code)) return code
  }
  return undefined
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

/** Returns whether the server has sent this error: its code is a SQLSTATE. */
export function isServerError(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error) ?? '') && !isOutage(error)
}

/** Returns whether another transaction has kept the statement from running, by a lock of the row or the table. */
export const isRowLocked = (error: unknown): boolean => codeOf(error) === '55P03'

/**
 * Makes the typed error of a failed statement. Messages may quote values, so only a code or a message known to quote none is
 * kept.
 */
export function postgresFailure(name: string, verb: string, cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause
  const code = codeOf(cause)
  const text = cause instanceof Error && code === undefined ? cause.message : undefined
  const message = text !== undefined && knownMessages.has(text) ? text : undefined
  const detail = (code && (advice[code] ? `${code}: ${advice[code]}` : code)) ?? message ?? 'unknown reason'
  return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb} (${detail}).`, {
    cause: brandAsSafe(
      Object.assign(new Error(message ?? `PostgreSQL: ${code ?? 'unknown reason'}`), code !== undefined && { code }),
    ),
  })
}
