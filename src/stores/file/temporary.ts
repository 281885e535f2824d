import { createHash, randomUUID } from 'node:crypto'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { currentIdentity, isAlive, type Identity } from './process.js'

/** The age, in milliseconds, at which a file of another system counts as abandoned: its process can't be checked. */
const ABANDONED_AFTER = 3_600_000

/**
 * The purpose of a temporary file. A `pending` file is the source or destination of a rename; other processes can remove it to
 * prevent the rename.
 */
export type TemporaryKind = 'tmp' | 'pending'

/** Identifies a process in a file name. */
function ownerTag({ pid, thread, started, system }: Identity): string {
  return [pid, thread, started, createHash('sha256').update(system).digest('hex').slice(0, 8)].join('-')
}

const hiddenPrefix = (file: string): string => `.${basename(file)}.`

/** A unique name beside `file` that identifies its process, so that files left by killed processes can be recognized. */
export function temporaryName(file: string, kind: TemporaryKind = 'tmp'): string {
  const name = [ownerTag(currentIdentity()), randomUUID().slice(0, 8), kind].join('.')
  return join(dirname(file), hiddenPrefix(file) + name)
}

interface Temporary {
  readonly owner: string
  readonly kind: TemporaryKind
}

function parseName(file: string, name: string): Temporary | undefined {
  const prefix = hiddenPrefix(file)
  if (!name.startsWith(prefix)) return undefined
  const [, owner, kind] = /^(\d+-\d+-\d+-[0-9a-f]{8})\.[0-9a-f]{8}\.(tmp|pending)$/.exec(name.slice(prefix.length)) ?? []
  return owner === undefined ? undefined : { owner, kind: kind as TemporaryKind }
}

/**
 * Is `name` a temporary file of `file` whose process has ended? `age`, in milliseconds, is called only for files of other
 * systems.
 */
export async function isAbandoned(file: string, name: string, self: Identity, age: () => Promise<number>): Promise<boolean> {
  const temporary = parseName(file, name)
  if (!temporary) return false
  const [pid, thread, started = ''] = temporary.owner.split('-')
  const owner = { system: self.system, pid: Number(pid), thread: Number(thread), started }
  if (temporary.owner !== ownerTag(owner)) return (await age()) > ABANDONED_AFTER
  return !isAlive(owner)
}

/**
 * Removes the pending files of `owner` (default: of every process) beside `file`. Afterwards, a rename that needs one of them
 * fails, even in a process that was stopped right before the rename.
 */
export async function revokePending(file: string, owner?: Identity): Promise<void> {
  const tag = owner && ownerTag(owner)
  const directory = dirname(file)
  for (const name of await readdir(directory).catch(() => [])) {
    const temporary = parseName(file, name)
    if (temporary?.kind !== 'pending' || (tag !== undefined && temporary.owner !== tag)) continue
    const path = join(directory, name)
    // A non-empty directory belongs to a removal that has already completed.
    await rm(path, { force: true }).catch(() => rmdir(path).catch(() => undefined))
  }
}
