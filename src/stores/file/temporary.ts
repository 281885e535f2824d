import { createHash, randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { isAlive, whoAmI, type Identity } from './process.js'

/** A process of another system can't be asked whether it lives: what it has left alone for so long is litter. Milliseconds. */
const FORSAKEN_AFTER = 3_600_000

const shortNameOf = (system: string): string => createHash('sha256').update(system).digest('hex').slice(0, 8)

/** A new name beside `file`, which says whose it is: nobody reads under it, and what is left of a process that was killed can be told. */
export function temporaryName(file: string): string {
  const { pid, thread, started, system } = whoAmI()
  const owner = [pid, thread, started, shortNameOf(system)].join('-')
  return join(dirname(file), `.${basename(file)}.${owner}.${randomUUID().slice(0, 8)}.tmp`)
}

/** Is `name` a temporary file of `file` whose maker is dead? `age` is asked only where that can't be told otherwise: milliseconds. */
export async function isForsaken(file: string, name: string, self: Identity, age: () => Promise<number>): Promise<boolean> {
  const prefix = `.${basename(file)}.`
  if (!name.startsWith(prefix)) return false
  const owner = /^(\d+)-(\d+)-(\d+)-([0-9a-f]{8})\.[0-9a-f]{8}\.tmp$/.exec(name.slice(prefix.length))
  if (!owner) return false
  const [, pid, thread, started = '', system] = owner
  if (system !== shortNameOf(self.system)) return (await age()) > FORSAKEN_AFTER
  return !isAlive({ system: self.system, pid: Number(pid), thread: Number(thread), started })
}
