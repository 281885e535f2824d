import { OAuthError, isOAuthError } from '../../errors.js'
import { UnusableFileError } from './regular-file.js'

const advice: Readonly<Record<string, string>> = {
  EACCES: 'permission denied: check the owner and mode of the file and of its directory',
  EPERM: 'not permitted: check the owner and mode of the file and of its directory',
  EBUSY: 'it is a mount point: mount its directory instead, or make the file writable',
  EISDIR: 'it is a directory: pass the path of a file',
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: free some space',
  EFBIG: 'files may not grow that large: raise the limit',
  EROFS: 'the file system is read-only: choose another path',
  ENOTDIR: 'a part of its path is a file, not a directory',
  ENAMETOOLONG: 'its name is too long for the files beside it: choose a shorter one',
  ETIMEDOUT: 'other processes kept writing it: try again',
  TimeoutError: 'other processes kept writing it: try again',
}

/** Advice about creating the lock file. */
const lockAdvice: Readonly<Record<string, string>> = Object.fromEntries(
  ['EACCES', 'EPERM', 'EROFS'].map((code) => [
    code,
    'the lock file can not be created in its directory: make that writable, or pass lockDirectory to fileStore',
  ]),
)

type Action = 'read' | 'written' | 'removed' | 'locked'

function describe(path: string, action: Action, cause: unknown): string {
  if (cause instanceof UnusableFileError) {
    const subject = cause.path === path ? 'it' : `its lock file ${cause.path}`
    return `${subject} ${cause.message}`
  }
  const { name, code } = (cause ?? {}) as NodeJS.ErrnoException
  const key = String(name === 'TimeoutError' ? name : code)
  return (action === 'locked' ? lockAdvice[key] : undefined) ?? advice[key] ?? code ?? 'unknown reason'
}

/** The typed error for a file system error. Names the path and never quotes the content. */
export function failure(path: string, action: Action, cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token file ${path} could not be ${action} (${describe(path, action, cause)}). It was not changed.`,
    { cause },
  )
}

export function noHardLinks(path: string, cause: unknown): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token file ${path} could not be locked: its file system has no hard links, which the lock needs. Choose a path on another file system, or pass lockDirectory to fileStore.`,
    { cause },
  )
}

export function severalHardLinks(path: string, links: bigint): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token file ${path} has ${links} hard links. Each name has a lock of its own, and a new token set reaches one name only. Keep one name and make the others symbolic links. It was not changed.`,
  )
}

export function lockLost(path: string): OAuthError {
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The lock of the token file ${path} was lost: this process was suspended for too long, or the lock file was removed. The file was not changed.`,
  )
}
