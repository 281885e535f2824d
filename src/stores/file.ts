import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aFunction, checkedElsewhere, checkOptions } from '../check-options.js'
import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON, WriteContext } from '../types.js'
import { changeFile, checkCreatable } from './file/change.js'
import { cleanUp } from './file/cleanup.js'
import { failure, lockLost, severalHardLinks } from './file/failure.js'
import { acquire, type LockHandle } from './file/lock.js'
import { refreshLock } from './file/lock-file.js'
import { Observations } from './file/observations.js'
import { readContent, readTokens } from './file/read.js'
import { MAX_BYTES, UnusableFileError, statRegular } from './file/regular-file.js'
import { flushDirectory, realPathNow, resolveTarget } from './file/target.js'
import { FileWatch } from './file/watch.js'

/** The options of `fileStore`. */
export interface FileStoreOptions {
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction | undefined
  /**
   * The directory of the lock files. Default: the directory of the token file. Needed if processes can write the token file but
   * not its directory. All processes that share the token file must use the same directory. Do not use the directory for another
   * token file of the same name.
   */
  readonly lockDirectory?: string | URL | undefined
}

/** Bytes that must be free, beyond the size of the present set, before a refresh token is sent: the next set may be larger. */
const RESERVE = 16_384

const rules = { refresh: aFunction, lockDirectory: checkedElsewhere }

function pathOf(value: unknown, option: string): string {
  if (!(value instanceof URL) && (typeof value !== 'string' || value === '')) throw new TypeError(`fileStore: ${option}`)
  return resolve(value instanceof URL ? fileURLToPath(value) : value)
}

/**
 * Keeps the token set in a JSON file, in the format that other tools write. The file is read at the first need, replaced
 * atomically and created with mode 0600; unknown members are kept. A missing file means that no user is signed in. Signing out
 * removes the file.
 *
 * Any number of processes may share the file: a lock file beside it (`.name.lock`) lets only one of them refresh at a time. The
 * lock of a dead process is free immediately; the lock of a living process on the same machine is never taken. The store notices
 * changes by other processes by watching the directory.
 *
 * Before a refresh token is sent, the store checks that the file is writable. A file that can't be replaced, such as a bind
 * mount, is written in place.
 *
 * Throws a `TypeError` when `path` is not a path. Requests reject with `OAUTH_STORE_FAILED`, whose message names the path and
 * never quotes the content.
 *
 * @example
 * attachOAuth(api, fileStore('tokens/me.json'), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 */
export function fileStore(path: string | URL, options: FileStoreOptions = {}): SharedTokenStore {
  const file = pathOf(path, 'path must be the path of a file')
  checkOptions('fileStore: ', options, rules)
  const { refresh } = options
  const lockDirectory =
    options.lockDirectory === undefined
      ? undefined
      : pathOf(options.lockDirectory, 'lockDirectory must be the path of a directory')
  const watches = new Set<FileWatch>()
  const observations = new Observations()
  let activeLock: LockHandle | undefined

  /** The file beside which the lock files are created. */
  const lockBaseOf = (target: string): string => (lockDirectory ? join(lockDirectory, basename(target)) : target)

  async function read(): Promise<TokenJSON | undefined> {
    try {
      return await readTokens(file)
    } catch (error) {
      throw failure(file, 'read', error)
    }
  }

  /** Rejects when the file has several hard links, since each has its own lock. */
  async function assertWritable(target: string): Promise<boolean> {
    const stats = await statRegular(target)
    if (stats && stats.nlink > 1n) throw severalHardLinks(target, stats.nlink)
    return stats !== undefined
  }

  async function assertLockKept(): Promise<void> {
    if (activeLock && !(await activeLock.isOurs())) throw lockLost(file)
  }

  async function write(tokens: TokenJSON | undefined, { mode, replacing }: WriteContext): Promise<boolean> {
    try {
      const target = await resolveTarget(file)
      const bytes = tokens && Buffer.from(`${JSON.stringify(tokens, null, 2)}\n`)
      if (bytes && bytes.length > MAX_BYTES) throw new UnusableFileError(file, 'would be larger than 1 MiB')
      if (bytes) await assertWritable(target)
      const done = await changeFile({
        target,
        lockBase: lockBaseOf(target),
        bytes,
        announce: (content) => watches.forEach((watch) => watch.expect(content)),
        ...(mode === 'replace' && {
          async accept() {
            if (!sameTokens(await read(), replacing)) return false
            await assertLockKept()
            return true
          },
        }),
      })
      if (done) await flushDirectory(target)
      return done
    } catch (error) {
      throw failure(file, tokens ? 'written' : 'removed', error)
    }
  }

  /** Writes the present content again, as a new token set would be written. */
  async function checkWritable(): Promise<void> {
    try {
      const target = await resolveTarget(file)
      if (!(await assertWritable(target))) return await checkCreatable(target, RESERVE)
      const bytes = await readContent(target)
      await readTokens(target)
      const unchanged = async (): Promise<boolean> => {
        await assertLockKept()
        const present = await readContent(target)
        return bytes !== undefined && present?.equals(bytes) === true
      }
      await changeFile({ target, lockBase: lockBaseOf(target), bytes, accept: unchanged, reserve: RESERVE })
    } catch (error) {
      throw failure(file, 'written', error)
    }
  }

  async function lock<Result>(run: (lost?: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    let mine: LockHandle
    try {
      const target = await resolveTarget(file)
      await assertWritable(target)
      const lockBase = lockBaseOf(target)
      mine = await acquire(refreshLock(lockBase), signal, { observations })
      await cleanUp(target)
      if (lockBase !== target) await cleanUp(lockBase)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw failure(file, 'locked', error)
    }
    activeLock = mine
    try {
      return await run(mine.lost)
    } finally {
      if (activeLock === mine) activeLock = undefined
      await mine.release()
    }
  }

  return sharedStore({
    name: `file ${file}`,
    place: ['file', realPathNow(file)],
    read,
    write,
    checkWritable,
    lock,
    subscribe(listener) {
      const watch = new FileWatch(file, listener)
      watches.add(watch)
      return () => {
        watches.delete(watch)
        watch.close()
      }
    },
    ...(refresh && { refresh }),
  })
}
