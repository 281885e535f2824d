import { statSync, watch, type BigIntStats, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/** Several events come for one change: how long to wait for the last one. Milliseconds. */
const DEBOUNCE = 20
/** How long to wait until what can't be watched now (there is no directory yet, too many watchers) is tried again. Milliseconds. */
const AGAIN_AFTER = 1000

/** What tells one content of a file from another without reading it. */
export type Footprint = string

/** The footprint of a file that is missing. */
export const absent: Footprint = 'absent'
const print = ({ ino, mtimeNs, size }: BigIntStats): Footprint => `${ino} ${mtimeNs} ${size}`

export async function footprintOf(path: string): Promise<Footprint> {
  return stat(path, { bigint: true }).then(print, () => absent)
}

function footprintNow(path: string): Footprint {
  try {
    return print(statSync(path, { bigint: true }))
  } catch {
    return absent
  }
}

/** Watches one file through its directory, since the file itself is replaced at each change. Keeps no process alive, and never fails. */
export class FileWatch {
  readonly #file: string
  readonly #listener: () => void
  #seen: Footprint
  #watcher: FSWatcher | undefined
  /** Which directory is watched: it may be removed and made again. */
  #inode: bigint | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(file: string, listener: () => void) {
    this.#file = file
    this.#listener = listener
    this.#open()
    this.#seen = footprintNow(file)
  }

  /** Says what the file is about to become by our own doing. */
  expect(footprint: Footprint): void {
    this.#seen = footprint
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  #open(): void {
    const directory = dirname(this.#file)
    try {
      this.#inode = statSync(directory, { bigint: true }).ino
      const watcher = (this.#watcher = watch(directory, { persistent: false }, (_event, name) => {
        // Where the system doesn't say which file it was, it may be ours. The directory's own end comes under its own name.
        if (name === null || name === basename(this.#file) || name === basename(directory)) this.#lookIn(DEBOUNCE)
      }))
      watcher.on('error', () => (this.#drop(), this.#lookIn(AGAIN_AFTER)))
    } catch {
      this.#drop()
      this.#lookIn(AGAIN_AFTER)
    }
  }

  #drop(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #lookIn(ms: number): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), ms)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const inode = await stat(dirname(this.#file), { bigint: true }).then(
      ({ ino }) => ino,
      () => undefined,
    )
    const footprint = await footprintOf(this.#file)
    if (this.#closed) return
    if (!this.#watcher || inode !== this.#inode) {
      this.#drop()
      this.#open()
    }
    if (footprint === this.#seen) return
    this.#seen = footprint
    try {
      this.#listener()
    } catch {
      // Who watches changes nothing.
    }
  }
}
