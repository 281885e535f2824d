import { constants, type BigIntStats } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { brandAsSafe } from '../../errors.js'

/** The largest file that is read or written, in bytes. */
export const MAX_BYTES = 1024 * 1024

const FIRST_CHUNK = 8192

/** The path does not lead to a regular file of at most `MAX_BYTES`. */
export class UnusableFileError extends Error {
  readonly code = 'UNUSABLE'
  readonly path: string

  /** `problem` completes the sentence "The file …". */
  constructor(path: string, problem: string) {
    super(problem)
    this.path = path
  }
}
brandAsSafe(UnusableFileError.prototype)

function typeOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

export function assertRegular(path: string, stats: BigIntStats): void {
  if (!stats.isFile()) throw new UnusableFileError(path, `is ${typeOf(stats)}, not a regular file`)
  if (stats.size > MAX_BYTES) throw new UnusableFileError(path, 'is larger than 1 MiB')
}

/** The status of a regular file; `undefined` when there is none. */
export async function statRegular(path: string): Promise<BigIntStats | undefined> {
  try {
    const stats = await stat(path, { bigint: true })
    assertRegular(path, stats)
    return stats
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Opens a regular file. Opening a FIFO could block a libuv thread until another process opens the other end, and opening a device
 * may have side effects. The type is therefore checked before and after the file is opened, without blocking.
 */
export async function openRegular(path: string, access: 'read' | 'write' = 'read'): Promise<FileHandle> {
  assertRegular(path, await stat(path, { bigint: true }))
  // Windows has neither of the two flags.
  const { O_RDONLY, O_RDWR, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants as Partial<typeof constants>
  const handle = await open(path, ((access === 'read' ? O_RDONLY : O_RDWR) ?? 0) | O_NONBLOCK | O_NOCTTY)
  try {
    assertRegular(path, await handle.stat({ bigint: true }))
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Reads an open file from its beginning. Rejects after `MAX_BYTES`: files in /proc report a size of 0 and can be endless. */
export async function readBytes(path: string, handle: FileHandle): Promise<Buffer> {
  let buffer = Buffer.alloc(FIRST_CHUNK)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
    length += bytesRead
    if (length > MAX_BYTES) throw new UnusableFileError(path, 'is larger than 1 MiB')
    if (bytesRead === 0) return buffer.subarray(0, length)
    if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2)
  }
}
