import { createHash } from 'node:crypto'
import { statSync, watch, type BigIntStats, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import { readContent } from './read.js'
import { watchedDirectories, type WatchedDirectories } from './watched-directories.js'

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

/**
 * Watches a file through its directory, because each change replaces the file, and through the directories of the symbolic links
 * that lead to it. Keeps no process alive and never throws.
 */
export class FileWatch {
  readonly #path: string
  readonly #listener: () => void
  #stamp: FileStamp
  /** Digest of the content that the listener knows; `undefined` until it is known. */
  #digest: string | undefined
  /** Empty while a directory can't be watched. */
  #watchers: FSWatcher[] = []
  /** The version of the directories that are watched. */
  #version: string | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(path: string, listener: () => void) {
    this.#path = path
    this.#listener = listener
    this.#open(watchedDirectories(path))
    this.#stamp = stampNow(path)
    void this.#readInitial()
  }

  /** Announces a change made by this store, for which the listener is not called. */
  expect(bytes: Uint8Array | undefined): void {
    this.#digest = digestOf(bytes)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#drop()
  }

  async #readInitial(): Promise<void> {
    const digest = await readContent(this.#path).then(digestOf, () => undefined)
    const unchanged = (await stampOf(this.#path)) === this.#stamp
    if (unchanged) this.#digest ??= digest
  }

  #open({ names, version }: WatchedDirectories): void {
    this.#version = version
    try {
      for (const [directory, expected] of names) {
        const watcher = watch(directory, { persistent: false }, (_event, name) => {
          // Some systems don't name the file.
          if (name === null || expected.has(name)) this.#checkIn(DEBOUNCE)
        })
        watcher.on('error', () => (this.#drop(), this.#checkIn(RETRY_DELAY)))
        this.#watchers.push(watcher)
      }
    } catch {
      this.#drop()
      this.#checkIn(RETRY_DELAY)
    }
  }

  #drop(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }

  #checkIn(ms: number): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#check(), ms)
    this.#timer.unref()
  }

  async #check(): Promise<void> {
    const directories = watchedDirectories(this.#path)
    if (this.#watchers.length === 0 || directories.version !== this.#version) {
      this.#drop()
      this.#open(directories)
    }
    const stamp = await stampOf(this.#path)
    if (this.#closed) return
    if (stamp !== this.#stamp) await this.#compare(stamp)
  }

  /**
   * Calls the listener if the content differs: a process that checks whether the file is writable replaces it with identical
   * content.
   */
  async #compare(stamp: FileStamp): Promise<void> {
    const digest = await readContent(this.#path).then(digestOf, () => `unreadable ${stamp}`)
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
