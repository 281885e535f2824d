import { createHash } from 'node:crypto'

// A file that can't be replaced is written in place, with a journal at its own end, so that a crash at any instant leaves the old content or the new one:
//
//   old content | spaces | header with length and SHA-256 | new content      1. appended and flushed: from here on the new content counts
//   new content … the journal, unchanged                                     2. the beginning is overwritten and flushed
//   new content                                                              3. the rest is truncated
//
// The header begins with a control character, which JSON can't contain.

const MARK = '\u001E'
const TITLE = 'axios-attach-oauth journal'
const SPACE = 0x20
const NEWLINE = 0x0a

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The bytes that step 1 appends. */
export interface Journal {
  /** Offset of `record`. The new content ends before it. */
  readonly offset: number
  /** Fills the file from the end of the present content up to `offset`. */
  readonly padding: Buffer
  readonly record: Buffer
}

/** The journal that replaces `presentLength` bytes of content. `reserve`: additional bytes, to check the free space. */
export function createJournal(presentLength: number, next: Uint8Array, reserve = 0): Journal {
  const offset = Math.max(presentLength, next.length) + reserve
  const header = Buffer.from(`\n${MARK}${TITLE} ${next.length} ${digestOf(next)}\n`)
  return { offset, padding: Buffer.alloc(offset - presentLength, SPACE), record: Buffer.concat([header, next]) }
}

/** The content of a file that may be written in place. */
export interface Content {
  readonly bytes: Buffer
  /** Does the file hold more than `bytes`, because a writer is active or has been killed? */
  readonly unfinished: boolean
}

function committed(file: Buffer, mark: number): Buffer | undefined {
  const line = file.indexOf('\n', mark)
  if (line < 0) return undefined
  const [, length, digest] = /^\S+ journal (\d+) ([0-9a-f]{64})$/.exec(file.subarray(mark + 1, line).toString('latin1')) ?? []
  if (length === undefined) return undefined
  const bytes = file.subarray(line + 1, line + 1 + Number(length))
  return bytes.length === Number(length) && digestOf(bytes) === digest ? bytes : undefined
}

/** The bytes before an invalid journal. */
export function contentBefore(file: Buffer, journal: number): Buffer {
  // After a power failure an appended part may read as zeros.
  const zeros = file.indexOf('\0')
  let end = zeros < 0 ? journal : Math.min(zeros, journal)
  while (end > 0 && file[end - 1] === SPACE) end--
  return file.subarray(0, end)
}

/** Finds the content of a file whose write may have stopped at any step. */
export function contentOf(file: Buffer): Content {
  const mark = file.indexOf(`${MARK}${TITLE} `)
  const bytes = mark < 0 ? undefined : committed(file, mark)
  if (bytes) return { bytes, unfinished: true }
  const control = /[\u001E\0]/.exec(file.toString('latin1'))
  if (!control) return { bytes: file, unfinished: false }
  const isHeader = file[control.index] !== 0 && file[control.index - 1] === NEWLINE
  return { bytes: contentBefore(file, isHeader ? control.index - 1 : control.index), unfinished: true }
}
