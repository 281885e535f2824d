import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../src/stores/file.js'
import { writeInPlace } from '../../src/stores/file/in-place.js'
import { contentOf, createJournal } from '../../src/stores/file/journal.js'
import { rejection } from '../helpers/client.js'

const text = (tokens: unknown): Buffer => Buffer.from(`${JSON.stringify(tokens, null, 2)}\n`)
const short = text({ access_token: 'at-1' })
const long = text({ access_token: 'at-2', refresh_token: 'x'.repeat(300), scope: 'ü { } " \\' })
const other = text({ access_token: 'at-3', refresh_token: 'y'.repeat(300) })
const pairs: [string, Buffer, Buffer][] = [
  ['a shorter content by a longer one', short, long],
  ['a longer content by a shorter one', long, short],
  ['a content by one of about the same length', long, other],
  ['a content by itself', long, long],
  ['an empty content', Buffer.alloc(0), short],
]

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-journal-'))
  path = join(directory, 'tokens.json')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

const check = async (): Promise<void> => undefined

/** Every state in which a crash can leave the file, in the order in which they come up. */
function* statesOf(old: Buffer, next: Buffer): Generator<{ file: Buffer; committed: boolean }> {
  const { padding, record } = createJournal(old.length, next)
  const appended = Buffer.concat([padding, record])
  for (let cut = 0; cut < appended.length; cut++)
    yield { file: Buffer.concat([old, appended.subarray(0, cut)]), committed: false }
  // After a power failure the length may be on the disk before the bytes are.
  for (let cut = 0; cut < appended.length; cut += 7)
    yield {
      file: Buffer.concat([old, appended.subarray(0, cut), Buffer.alloc(appended.length - cut)]),
      committed: false,
    }
  const whole = Buffer.concat([old, appended])
  for (let cut = 0; cut <= next.length; cut++) {
    const file = Buffer.from(whole)
    next.copy(file, 0, 0, cut)
    yield { file, committed: true }
    // Blocks may reach the disk in any order.
    const reverse = Buffer.from(whole)
    next.copy(reverse, cut, cut)
    yield { file: reverse, committed: true }
  }
  yield { file: next, committed: true }
}

describe.each(pairs)('writing in place replaces %s', (_title, old, next) => {
  it('so that a crash at any byte leaves the old content or the new one', () => {
    for (const { file, committed } of statesOf(old, next)) {
      const { bytes } = contentOf(file)
      expect(bytes.toString().trimEnd()).toBe((committed ? next : old).toString().trimEnd())
    }
  })

  it('and what a crash has left is completed or taken back by the next write', async () => {
    const last = text({ access_token: 'at-last' })
    let number = 0
    for (const { file } of statesOf(old, next)) {
      if (number++ % 41) continue
      await writeFile(path, file)
      await writeInPlace(path, last, { check })
      expect(await readFile(path)).toEqual(last)
    }
  })
})

describe('writing in place', () => {
  it('keeps the mode and the inode', async () => {
    await writeFile(path, short, { mode: 0o640 })
    const { ino, mode } = await stat(path)
    await writeInPlace(path, long, { check })
    expect(await stat(path)).toMatchObject({ ino, mode })
    expect(await readFile(path)).toEqual(long)
  })

  it.each([1, 2, 3, 4])(
    'that loses its lock before step %d leaves one of the two contents and ends with that error',
    async (step) => {
      await writeFile(path, short)
      const lost = new Error('lost')
      let steps = 0
      const losing = async (): Promise<void> => {
        if (++steps === step) throw lost
      }
      const result = await writeInPlace(path, long, { check: losing }).then(
        () => 'done',
        (error: unknown) => error,
      )
      expect(result).toBe(step <= steps ? lost : 'done')
      const { bytes } = contentOf(await readFile(path))
      expect([short.toString(), long.toString()]).toContain(bytes.toString())
      if (step <= 2) expect(await readFile(path)).toEqual(short)
    },
  )

  it('takes nothing back when another process has written the file meanwhile', async () => {
    await writeFile(path, short)
    let steps = 0
    const overtaken = async (): Promise<void> => {
      if (++steps < 2) return
      await writeFile(path, other)
      throw new Error('lost')
    }
    await rejection(writeInPlace(path, long, { check: overtaken }))
    expect(await readFile(path)).toEqual(other)
  })

  it('refuses a content that would need more than 1 MiB, and changes nothing', async () => {
    await writeFile(path, short)
    const error = await rejection(writeInPlace(path, text('x'.repeat(600_000)), { check }))
    expect(error.message).toMatch(/too large/)
    expect(await readFile(path)).toEqual(short)
  })

  it('reserves room without keeping it', async () => {
    await writeFile(path, short)
    await writeInPlace(path, long, { check, reserve: 16_384 })
    expect(await readFile(path)).toEqual(long)
  })
})

describe('reading a token file that another program writes in place', () => {
  it('waits for the rest of a content that was cut off a moment ago', async () => {
    const handle = await open(path, 'w')
    await handle.write(long.subarray(0, 20))
    const reading = fileStore(path).read()
    await handle.write(long.subarray(20))
    await handle.close()
    expect(await reading).toEqual(JSON.parse(long.toString()))
  })

  it('never gives a mixture of two contents while a process writes in place', async () => {
    const sets = Array.from({ length: 2 }, (_, i) => ({
      access_token: String(i).repeat(9000),
      refresh_token: String(i).repeat(9000),
    }))
    await writeFile(path, text(sets[0]))
    let writing = true
    const writer = (async () => {
      for (let i = 0; i < 60; i++) await writeInPlace(path, text(sets[i % 2]), { check })
      writing = false
    })()
    while (writing) expect(sets).toContainEqual(await fileStore(path).read())
    await writer
  })
})
