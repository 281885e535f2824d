import { OAuthError, isOAuthError } from '../../errors.js'

const advice: Readonly<Record<string, string>> = {
  EACCES: 'permission denied: check who owns the file and its directory',
  EPERM: 'not permitted: check who owns the file and its directory',
  EISDIR: 'it is a directory: name a file',
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: free some space',
  EROFS: 'the file system is read-only: choose another place',
  ENOTDIR: 'a part of its path is a file, not a directory',
  TimeoutError: 'another process has been writing it for seconds: it may have been stopped',
  ENAMETOOLONG: 'its name is too long for the files beside it: choose a shorter one',
}

/** The typed error for what the file system says. It names the path and never the content. */
export function failure(path: string, verb: string, cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause
  const { name, code } = (cause ?? {}) as NodeJS.ErrnoException
  const detail = advice[String(name === 'TimeoutError' ? name : code)] ?? code ?? 'unknown reason'
  return new OAuthError('OAUTH_STORE_FAILED', `The token file ${path} could not be ${verb} (${detail}). It was left as it was.`, {
    cause,
  })
}

export function noHardLinks(path: string, cause: unknown): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token file ${path} could not be locked: its file system has no hard links, which the lock needs. Choose a place on another one.`,
    { cause },
  )
}

export function lockLost(path: string): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The lock of the token file ${path} was lost: this process showed no sign of life for too long, or somebody removed the lock file. The file was left as it was.`,
  )
}
