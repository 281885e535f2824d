import { createHash } from 'node:crypto'
import { statSync, watch, type BigIntStats, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { readContent } from './read.js'

/** How long to wait for further events of a change, in milliseconds. */
const DEBOUNCE = 20
/** The delay before the next attempt to watch, for instance when the directory is missing. Milliseconds. */
const RETRY_DELAY = 1000

/** Identifies a version of a file without its content. */
type FileStamp = string

const absent = 'absent'
const format = ({ ino, mtimeNs, size }: BigIntStats): FileStamp => `${ino} ${mtimeNs} ${size}`

async function stampOf(path: string): Promise<FileStamp> {
  return stat(path, { bigint: true }).then(format, () => absent)
}

function stampNow(path: string): FileStamp {
  try {
    return format(statSync(path, { bigint: true }))
  } catch {
    return absent
  }
}

/** A digest that identifies a content. */
function digestOf(bytes: Uint8Array | undefined): string {
  return bytes ? createHash('sha256').update(bytes).digest('hex') : absent
}

/** Watches a file through its directory, because each change replaces the file. Keeps no process alive and never throws. */
export class FileWatch {
  readonly #file: string
  readonly #listener: () => void
  #stamp: FileStamp
  /** Digest of the content that the listener knows; `undefined` until it is known. */
  #digest: string | undefined
  #watcher: FSWatcher | undefined
  /** The inode of the watched directory, which may be removed and created again. */
  #inode: bigint | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(file: string, listener: () => void) {
    this.#file = file
    this.#listener = listener
    this.#open()
    this.#stamp = stampNow(file)
    void this.#readInitial()
  }

  /** Announces a change made by this store, for which the listener is not called. */
  expect(bytes: Uint8Array | undefined): void {
    this.#digest = digestOf(bytes)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  async #readInitial(): Promise<void> {
    const digest = await readContent(this.#file).then(digestOf, () => undefined)
    const unchanged = (await stampOf(this.#file)) === this.#stamp
    if (unchanged) this.#digest ??= digest
  }

  #open(): void {
    const directory = dirname(this.#file)
    try {
      this.#inode = statSync(directory, { bigint: true }).ino
      const watcher = (this.#watcher = watch(directory, { persistent: false }, (_event, name) => {
        // Some systems don't name the file. The removal of the directory is reported under the directory's name.
        if (name === null || name === basename(this.#file) || name === basename(directory)) this.#checkIn(DEBOUNCE)
      }))
      watcher.on('error', () => (this.#drop(), this.#checkIn(RETRY_DELAY)))
    } catch {
      this.#drop()
      this.#checkIn(RETRY_DELAY)
    }
  }

  #drop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #checkIn(ms: number): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#check(), ms)
    this.#timer.unref()
  }

  async #check(): Promise<void> {
    const inode = await stat(dirname(this.#file), { bigint: true }).then(
      ({ ino }) => ino,
      () => undefined,
    )
    const stamp = await stampOf(this.#file)
    if (this.#closed) return
    if (!this.#watcher || inode !== this.#inode) {
      this.#drop()
      this.#open()
    }
    if (stamp !== this.#stamp) await this.#compare(stamp)
  }

  /**
   * Calls the listener if the content differs: a process that checks whether the file is writable replaces it with identical
   * content.
   */
  async #compare(stamp: FileStamp): Promise<void> {
    const digest = await readContent(this.#file).then(digestOf, () => `unreadable ${stamp}`)
    this.#stamp = stamp
    if (this.#closed || digest === this.#digest) return
    this.#digest = digest
    try {
      this.#listener()
    } catch {
      // A listener's error must not end watching.
    }
  }
}
