import { setTimeout as sleep } from 'node:timers/promises'
import type { FileHandle } from 'node:fs/promises'
import { OAuthError } from '../../errors.js'
import type { TokenJSON } from '../../types.js'
import { contentOf } from './journal.js'
import { openRegular, readBytes } from './regular-file.js'

/** A process may still be writing a file in place if the file was changed within this time, in milliseconds. */
const RECENT = 2000
/** The largest number of reads of unstable or invalid content. */
const MAX_READS = 10
/** The time between two reads of a recently changed file without valid JSON, in milliseconds. */
const REREAD_DELAY = 10

interface Snapshot {
  readonly bytes: Buffer
  readonly recent: boolean
}

async function changedRecently(handle: FileHandle): Promise<boolean> {
  const { mtimeMs } = await handle.stat()
  return Math.abs(Date.now() - mtimeMs) < RECENT
}

/** Reads a file that another process may be writing in place: two consecutive reads have to agree. */
async function readStable(path: string): Promise<Snapshot> {
  const handle = await openRegular(path)
  try {
    let bytes = contentOf(await readBytes(path, handle)).bytes
    const recent = await changedRecently(handle)
    for (let reads = 1; recent && reads < MAX_READS; reads++) {
      const previous = bytes
      bytes = contentOf(await readBytes(path, handle)).bytes
      if (bytes.equals(previous)) break
    }
    return { bytes, recent }
  } finally {
    await handle.close()
  }
}

/** The bytes of the token set in the file; `undefined` when there is no file. */
export async function readContent(path: string): Promise<Buffer | undefined> {
  return (await snapshotOf(path))?.bytes
}

async function snapshotOf(path: string): Promise<Snapshot | undefined> {
  try {
    return await readStable(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parse(path: string, text: string): TokenJSON | undefined {
  const invalid = (problem: string): OAuthError =>
    new OAuthError(
      'OAUTH_STORE_FAILED',
      `The token file ${path} ${problem}. It was not changed: repair or remove it, or write {} to it, then sign in.`,
    )
  if (text.trim() === '') throw invalid('is empty')
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    // The parser's message quotes the text, which contains tokens.
    throw invalid('does not contain JSON; it may have been cut off')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('contains JSON that is not an object')
  // Sign-out writes `{}` to a file that can't be removed.
  return Object.keys(json).length === 0 ? undefined : (json as TokenJSON)
}

/**
 * The token set in the file; `undefined` when there is no file or the file holds `{}`. Rejects with `OAUTH_STORE_FAILED` for any
 * other content.
 */
export async function readTokens(path: string): Promise<TokenJSON | undefined> {
  for (let reads = 1; ; reads++) {
    const snapshot = await snapshotOf(path)
    if (!snapshot) return undefined
    try {
      return parse(path, snapshot.bytes.toString('utf8'))
    } catch (error) {
      // Another program may be writing the file in place.
      if (!snapshot.recent || reads === MAX_READS) throw error
    }
    await sleep(REREAD_DELAY)
  }
}
