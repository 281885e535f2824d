import { OAuthError } from '../../errors.js'

const inMemory = `Or pass fallback: 'memory', which keeps tokens in memory where nothing can be stored`

const advice: Readonly<Record<string, string>> = {
  QuotaExceededError: 'The space of this site is used up: remove data that the site no longer needs',
  SecurityError: `The browser doesn't let this site store data: allow cookies and site data for it. ${inMemory}`,
  InvalidStateError: `The browser keeps no data here: a private window, or a site whose data it blocks. ${inMemory}`,
  UnknownError: `The browser failed at its own files: is the disk full, or the profile damaged? ${inMemory}`,
  VersionError: 'There is a database of this name in a newer version: pass another key',
  NotFoundError: 'There is a database of this name that was made by something else: pass another key',
  TimeoutError: `The browser doesn't answer: close other tabs of this site or restart it. ${inMemory}`,
  AbortError: 'The browser gave up. Try again',
}

/** Makes the typed error of a storage that failed. It never quotes what was to be stored. */
export function storageFailure(name: string, verb: string, cause: unknown): OAuthError {
  const { name: kind = 'unknown reason' } = (cause ?? {}) as { name?: string }
  const hint = advice[kind] ?? `The browser says ${kind}`
  return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb}. ${hint}.`, { cause })
}

/** What is there is no token set: it is left as it was. */
export function unreadable(name: string): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token store (${name}) holds something that is no token set. It was left as it was: remove it, or pass another key, then sign in again.`,
  )
}

/** There is no browser around. */
export function noBrowser(name: string): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token store (${name}) can't be used here: this is no page of a browser. While rendering on a server, send no request through it; in a worker, pass storage: 'indexedDB'.`,
  )
}
