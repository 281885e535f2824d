import { realpathSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OAuthError } from '../errors.js'
import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON, WriteContext } from '../types.js'
import { flushDirectory, prepare, targetOf, type Prepared } from './file/atomic.js'
import { failure, lockLost } from './file/failure.js'
import { sweep } from './file/litter.js'
import { acquire, refreshLock, writeLock, type Hold } from './file/lock.js'
import { FileWatch, absent, footprintOf } from './file/watch.js'

/** The options of `fileStore`. */
export interface FileStoreOptions {
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
}

/** The moment of comparing and replacing is over in a few milliseconds: who holds its lock longer than this has been stopped in it. */
const WRITE_TURN = 3000

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

/**
 * Keeps the token set in a JSON file, the one that other tools write too: read at the first need, replaced atomically, created with mode 0600,
 * members that it doesn't know kept. A missing file means that nobody is signed in. Signing out removes it.
 *
 * Any number of processes may share the file: a lock file beside it (`.name.lock`) lets one of them refresh at a time. It is freed at once when its holder
 * has died, and never taken from a live one of the same machine. Changes made elsewhere are noticed by watching the directory.
 *
 * Throws a `TypeError` when `path` is no path; requests reject with `OAUTH_STORE_FAILED`, which names the path and never the content.
 *
 * @example
 * attachOAuth(api, fileStore('tokens/me.json'), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 */
export function fileStore(path: string | URL, options: FileStoreOptions = {}): SharedTokenStore {
  if (!(path instanceof URL) && (typeof path !== 'string' || path === ''))
    throw new TypeError('fileStore: path must be the path of a file')
  const file = resolve(path instanceof URL ? fileURLToPath(path) : path)
  const { refresh } = options
  const watches = new Set<FileWatch>()
  let held: Hold | undefined

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

  const expect = (footprint: string): void => watches.forEach((watch) => watch.expect(footprint))

  /** Puts the new content in its place, or removes the file. */
  async function change(target: string, prepared: Prepared | undefined): Promise<void> {
    expect(prepared ? await footprintOf(prepared.path) : absent)
    if (prepared) await prepared.commit()
    else await rm(target, { force: true })
  }

  /** Changes the file if it still holds what was read and the lock under which that happened is still ours. */
  async function replace(target: string, prepared: Prepared | undefined, replacing: TokenJSON | undefined): Promise<boolean> {
    const turn = await acquire(writeLock(target), AbortSignal.timeout(WRITE_TURN))
    try {
      if (!sameTokens(await read(), replacing)) return false
      if (held && !(await held.isOurs())) throw lockLost(file)
      await change(target, prepared)
      return true
    } finally {
      await turn.release()
    }
  }

  /** Changes the file whatever it holds. What stands in the way of the lock must not stand in the way of signing out. */
  async function overwrite(target: string, prepared: Prepared | undefined): Promise<boolean> {
    const turn = await acquire(writeLock(target), AbortSignal.timeout(WRITE_TURN)).catch(() => undefined)
    try {
      await change(target, prepared)
      return true
    } finally {
      await turn?.release()
    }
  }

  async function write(tokens: TokenJSON | undefined, { mode, replacing }: WriteContext): Promise<boolean> {
    let prepared: Prepared | undefined
    try {
      const target = await targetOf(file)
      prepared = tokens && (await prepare(target, `${JSON.stringify(tokens, null, 2)}\n`))
      const done = mode === 'replace' ? await replace(target, prepared, replacing) : await overwrite(target, prepared)
      if (done) await flushDirectory(target)
      return done
    } catch (error) {
      throw failure(file, tokens ? 'written' : 'removed', error)
    } finally {
      await prepared?.discard()
    }
  }

  async function lock<Result>(run: (lost?: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    let mine: Hold
    try {
      const target = await targetOf(file)
      mine = await acquire(refreshLock(target), signal)
      await sweep(target)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw failure(file, 'locked', error)
    }
    held = mine
    try {
      return await run(mine.lost)
    } finally {
      if (held === mine) held = undefined
      await mine.release()
    }
  }

  return sharedStore({
    name: `file ${file}`,
    read,
    write,
    lock,
    subscribe(listener) {
      const watch = new FileWatch(realTarget(file), listener)
      watches.add(watch)
      return () => {
        watches.delete(watch)
        watch.close()
      }
    },
    ...(refresh && { refresh }),
  })
}

function realTarget(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
