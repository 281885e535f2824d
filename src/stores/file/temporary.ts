import { createHash, randomUUID } from 'node:crypto'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { currentIdentity, isAlive, type Identity } from './process.js'

/** A file of another system is abandoned at this age, in milliseconds: its process can't be asked. */
const ABANDONED_AFTER = 3_600_000

/** Purpose of a temporary file. A `pending` one is the source (or the destination) of a rename that other processes may prevent by removing it. */
export type TemporaryKind = 'tmp' | 'pending'

/** Identifies a process in a file name. */
function ownerTag({ pid, thread, started, system }: Identity): string {
  return [pid, thread, started, createHash('sha256').update(system).digest('hex').slice(0, 8)].join('-')
}

const hiddenPrefix = (file: string): string => `.${basename(file)}.`

/** A unique name beside `file` that tells which process created it, so that leftovers of killed processes can be recognized. */
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

/** Whether `name` is a temporary file of `file` whose process has ended. `age`, in milliseconds, is asked only about files of other systems. */
export async function isAbandoned(file: string, name: string, self: Identity, age: () => Promise<number>): Promise<boolean> {
  const temporary = parseName(file, name)
  if (!temporary) return false
  const [pid, thread, started = ''] = temporary.owner.split('-')
  const owner = { system: self.system, pid: Number(pid), thread: Number(thread), started }
  if (temporary.owner !== ownerTag(owner)) return (await age()) > ABANDONED_AFTER
  return !isAlive(owner)
}

/**
 * Removes the pending files of `owner` (default: of every process) beside `file`. A rename that needs one of them fails from then on, also in a process that is
 * stopped right before it.
 */
export async function revokePending(file: string, owner?: Identity): Promise<void> {
  const tag = owner && ownerTag(owner)
  const directory = dirname(file)
  for (const name of await readdir(directory).catch(() => [])) {
    const temporary = parseName(file, name)
    if (temporary?.kind !== 'pending' || (tag !== undefined && temporary.owner !== tag)) continue
    const path = join(directory, name)
    // A directory that isn't empty belongs to a removal that has already taken place.
    await rm(path, { force: true }).catch(() => rmdir(path).catch(() => undefined))
  }
}
