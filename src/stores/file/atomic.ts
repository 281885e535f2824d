import { chmod, mkdir, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { temporaryName } from './temporary.js'

/** More links in a row than this are a circle. */
const MOST_LINKS = 40

/**
 * The file that `path` leads to: a link is followed once and for all, so that replacing the file doesn't replace the link, and so that all who come
 * by different links meet at one lock. The file itself may be missing.
 */
export async function targetOf(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || links > MOST_LINKS) throw error
  }
  const next = await readlink(path).catch(() => undefined)
  return next === undefined ? path : targetOf(resolve(dirname(path), next), links + 1)
}

export async function makeDirectory(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
}

/** A new content that lies beside its file, whole and on the disk. */
export interface Prepared {
  readonly path: string
  /** Puts it in the file's place: whoever reads finds the old file or the new one, whole. */
  commit(): Promise<void>
  /** Takes it back, unless it is in its place. */
  discard(): Promise<void>
}

/** Writes `text` beside `file` and flushes it. A new file is the owner's alone; rejects when it can't be written, leaving nothing behind. */
export async function prepare(file: string, text: string): Promise<Prepared> {
  await makeDirectory(file)
  const present = await stat(file).catch(() => undefined)
  if (present?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
  const path = temporaryName(file)
  const discard = (): Promise<void> => rm(path, { force: true }).catch(() => undefined)
  try {
    const handle = await open(path, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // A mode that somebody has chosen for the file stays, but for what it gives to everybody.
    if (present) await chmod(path, present.mode & 0o770)
  } catch (error) {
    await discard()
    throw error
  }
  return { path, commit: () => rename(path, file), discard }
}

/** Makes what has happened in a file's directory outlast a power failure. */
export async function flushDirectory(file: string): Promise<void> {
  // Not every system lets a directory be opened; there the rename itself has to do.
  const handle = await open(dirname(file), 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
