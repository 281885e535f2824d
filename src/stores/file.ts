import { chmod, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { OAuthError } from '../errors.js'
import { sameTokens } from '../tokens.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../types.js'

/** The options of `fileStore`. */
export interface FileStoreOptions {
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
}

const advice: Readonly<Record<string, string>> = {
  EACCES: 'permission denied: check who owns the file and its directory',
  EPERM: 'not permitted: check who owns the file and its directory',
  EISDIR: 'it is a directory: name a file',
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: free some space',
  EROFS: 'the file system is read-only: choose another place',
  ENOTDIR: 'a part of its path is a file, not a directory',
}

function failure(path: string, verb: string, cause: unknown): OAuthError {
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '')
  const detail = advice[code] ?? (code || 'unknown reason')
  return new OAuthError('OAUTH_STORE_FAILED', `The token file ${path} could not be ${verb} (${detail}). It was left as it was.`, {
    cause,
  })
}

/** The parser's own message quotes the text, which is full of tokens: it goes nowhere. */
function parse(path: string, text: string): TokenJSON {
  const broken = (what: string): OAuthError =>
    new OAuthError(
      'OAUTH_STORE_FAILED',
      `The token file ${path} ${what}. It was left as it was: mend or remove it, then sign in again.`,
    )
  if (text.trim() === '') throw broken('is empty')
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw broken('holds no JSON; perhaps it was cut off')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw broken('holds JSON that is no object')
  return json as TokenJSON
}

/** A link is followed once and for all, so that replacing the file doesn't replace the link. */
async function target(path: string): Promise<string> {
  return realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return path
    throw error
  })
}

async function flushDirectory(directory: string): Promise<void> {
  // Not every system lets a directory be opened; there the rename itself has to do.
  const handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

/** Writes beside, flushes, renames: whoever reads finds the old file or the new one, whole. */
async function replaceFile(path: string, text: string): Promise<void> {
  const file = await target(path)
  const directory = dirname(file)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const present = await stat(file).catch(() => undefined)
  if (present?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
  const beside = join(directory, `.${basename(file)}.${process.pid}.${randomUUID().slice(0, 8)}`)
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // A mode that somebody has chosen for the file stays, but for what it gives to everybody.
    if (present) await chmod(beside, present.mode & 0o770)
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined)
    throw error
  }
  await flushDirectory(directory)
}

/**
 * Keeps the token set in a JSON file, the one that other tools write too: read at the first need, replaced atomically, created with mode 0600,
 * members that it doesn't know kept. A missing file means that nobody is signed in. Signing out removes it.
 *
 * Throws a `TypeError` when `path` is no path; requests reject with `OAUTH_STORE_FAILED`, which names the path and never the content.
 *
 * @example
 * attachOAuth(api, fileStore('tokens/me.json'), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 */
export function fileStore(path: string | URL, options: FileStoreOptions = {}): TokenStore {
  if (!(path instanceof URL) && (typeof path !== 'string' || path === ''))
    throw new TypeError('fileStore: path must be the path of a file')
  const file = resolve(path instanceof URL ? fileURLToPath(path) : path)
  const { refresh } = options

  async function read(): Promise<TokenJSON | undefined> {
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw failure(file, 'read', error)
    }
    return parse(file, text)
  }

  return {
    name: `file ${file}`,
    read,
    async write(tokens, { mode, replacing }) {
      if (mode === 'replace' && !sameTokens(await read(), replacing)) return false
      try {
        if (tokens) await replaceFile(file, `${JSON.stringify(tokens, null, 2)}\n`)
        else await rm(await target(file), { force: true })
      } catch (error) {
        throw failure(file, tokens ? 'written' : 'removed', error)
      }
      return true
    },
    ...(refresh && { refresh }),
  }
}
