import { OAuthError } from '../../errors.js'

const memoryHint = `Or pass fallback: 'memory', which keeps tokens in memory where nothing can be stored`

const advice: Readonly<Record<string, string>> = {
  QuotaExceededError: 'The storage quota of this site is used up: remove data that the site no longer needs',
  NotSupportedError: `The platform has no such storage: pass another one as storage. ${memoryHint}`,
  SecurityError: `The browser denies storage to this site: allow cookies and site data. ${memoryHint}`,
  InvalidStateError: `The browser keeps no data here: a private window, or a site whose data is blocked. ${memoryHint}`,
  UnknownError: `The browser failed to use its own files: check for a full disk or a damaged profile. ${memoryHint}`,
  VersionError: 'A database of this name exists in a newer version: pass another key',
  NotFoundError: 'Other code has created a database of this name: pass another key',
  TimeoutError: `The browser does not answer: close other tabs of this site or restart the browser. ${memoryHint}`,
  AbortError: 'The browser aborted the operation: try again',
}

/** Returns the typed error of a failed storage operation. The message never quotes the token set. */
export function storageFailure(name: string, verb: string, cause: unknown): OAuthError {
  const { name: kind = 'unknown reason' } = (cause ?? {}) as { name?: string }
  // Firefox has its own name for an exceeded quota.
  const hint = advice[/quota/i.test(kind) ? 'QuotaExceededError' : kind] ?? `The browser reports ${kind}`
  return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb}. ${hint}.`, { cause })
}

/** Returns the error for a record that is not a token set. */
export function unreadable(name: string): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token store (${name}) holds something that is not a token set. It was left as it was: remove it, or pass another key, then sign in again.`,
  )
}

/** Returns the error for a platform that is not a browser. */
export function noBrowser(name: string): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token store (${name}) needs a browser, and this is not a page. Send no request through it while rendering on a server; in a worker, pass storage: 'indexedDB'.`,
  )
}
