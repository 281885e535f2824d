import type { FileHandle } from 'node:fs/promises'
import { contentBefore, contentOf, createJournal, type Journal } from './journal.js'
import { MAX_BYTES, UnusableFileError, openRegular, readBytes } from './regular-file.js'

export interface InPlaceOptions {
  /** Rejects when this process may no longer write, for instance because it has lost the lock. Called between the steps. */
  readonly check: () => Promise<void>
  /** Additional bytes that are written and then truncated, to check the free space. Default: 0. */
  readonly reserve?: number
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
}

async function cutOff(handle: FileHandle, length: number): Promise<void> {
  await handle.truncate(length)
  await handle.sync()
}

/** Steps 2 and 3: copies the journal's content to the beginning and truncates the file. */
async function applyJournal(handle: FileHandle, bytes: Uint8Array, check: () => Promise<void>): Promise<void> {
  await check()
  await writeAt(handle, bytes, 0)
  await handle.sync()
  await check()
  await cutOff(handle, bytes.length)
}

/** Completes or undoes the write of a killed process. Returns the length of the content. */
async function recover(path: string, handle: FileHandle, check: () => Promise<void>): Promise<number> {
  const { bytes, unfinished } = contentOf(await readBytes(path, handle))
  // Rewriting the beginning is harmless if the content is already there.
  if (unfinished) await applyJournal(handle, bytes, check)
  return bytes.length
}

/** Removes an appended journal, unless the file has changed since. */
async function takeBack(path: string, handle: FileHandle, { offset, record }: Journal): Promise<void> {
  const file = await readBytes(path, handle)
  if (file.subarray(offset).equals(record)) await cutOff(handle, contentBefore(file, offset).length)
}

/**
 * Writes a file that can't be replaced, see `journal.ts`. A crash at any instant leaves the old content or the new one. Needs a
 * lock. A process stopped between the last check and the following write can still overwrite the content that another process has
 * written meanwhile.
 */
export async function writeInPlace(path: string, next: Uint8Array, options: InPlaceOptions): Promise<void> {
  const { check, reserve = 0 } = options
  const handle = await openRegular(path, 'write')
  try {
    const length = await recover(path, handle, check)
    const journal = createJournal(length, next, reserve)
    if (journal.offset + journal.record.length > MAX_BYTES)
      throw new UnusableFileError(path, 'is too large to be written in place, which takes twice its size and at most 1 MiB')
    await check()
    try {
      await writeAt(handle, journal.padding, length)
      await writeAt(handle, journal.record, journal.offset)
      await handle.sync()
    } catch (error) {
      await handle.truncate(length).catch(() => undefined)
      throw error
    }
    try {
      await check()
    } catch (error) {
      await takeBack(path, handle, journal)
      throw error
    }
    await applyJournal(handle, next, check)
  } finally {
    await handle.close()
  }
}
