import { link, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Identity } from './process.js'
import { openRegular, readBytes } from './regular-file.js'
import { temporaryName } from './temporary.js'

/** The path of a lock. `base` is the file beside which the lock file and its temporary files are created. */
export interface LockPath {
  readonly base: string
  readonly lock: string
}

const lockPath = (base: string, ending: string): LockPath => ({
  base,
  lock: join(dirname(base), `.${basename(base)}.${ending}`),
})

/** The lock held during a refresh. */
export const refreshLock = (base: string): LockPath => lockPath(base, 'lock')

/**
 * The lock held to compare and replace the file. Separate from the refresh lock, so that signing in and out need not wait for a
 * refresh.
 */
export const writeLock = (base: string): LockPath => lockPath(base, 'write-lock')

/** The content of a lock file. */
export interface LockContent {
  /** Unique for each acquisition. */
  readonly id: string
  /** `undefined` when the content is invalid: after a power failure the file may be empty. */
  readonly holder: Identity | undefined
  /**
   * When the holder last touched the file, by the holder's or the server's clock. Compare only with earlier values of the same
   * file.
   */
  readonly touched: bigint
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const unreadable = '00000000-0000-0000-0000-000000000000'

export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | undefined)?.code)

function parseHolder(text: string): Omit<LockContent, 'touched'> {
  try {
    const { id, system, pid, thread, started } = JSON.parse(text) as Record<string, unknown>
    // The id becomes part of a file name.
    if (typeof id === 'string' && uuid.test(id) && Number.isSafeInteger(pid) && (pid as number) > 0)
      return { id, holder: { system: String(system), pid: pid as number, thread: Number(thread), started: String(started) } }
  } catch {
    // The content is not JSON.
  }
  return { id: unreadable, holder: undefined }
}

/** Reads a lock file; `undefined` when there is none. Rejects when the file is not a regular file. */
export async function readLock(path: string): Promise<LockContent | undefined> {
  try {
    // Over NFS, opening a file gets its present state from the server.
    const handle = await openRegular(path)
    try {
      const text = (await readBytes(path, handle)).toString('utf8')
      const { mtimeNs } = await handle.stat({ bigint: true })
      return { ...parseHolder(text), touched: mtimeNs }
    } finally {
      await handle.close()
    }
  } catch (error) {
    // ESTALE: the file has been removed on the NFS server meanwhile.
    if (['ENOENT', 'ESTALE'].includes(codeOf(error))) return undefined
    throw error
  }
}

/**
 * Removes a lock file if it has the given id. A process that was stopped after the comparison may by then find another holder's
 * lock, so the file is moved aside, compared again, and put back if it belongs to another holder.
 */
export async function removeLock(base: string, path: string, id: string): Promise<void> {
  if ((await readLock(path))?.id !== id) return
  const aside = temporaryName(base)
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readLock(aside))?.id !== id) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}
