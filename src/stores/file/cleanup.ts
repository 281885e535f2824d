import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readLock } from './lock-file.js'
import { currentIdentity } from './process.js'
import { isAbandoned } from './temporary.js'

/** The rest of the name of a takeover lock: the name of the stale lock, and the id of its holder. */
const takeoverLock = /^((?:write-)?lock(?:\.[0-9a-f-]{36})*)\.([0-9a-f-]{36})$/

/** Is this takeover lock obsolete? It is needed only while the lock names the stale holder, because ids are never reused. */
async function isFinishedTakeover(file: string, name: string): Promise<boolean> {
  const prefix = `.${basename(file)}.`
  const [, ending, id] = takeoverLock.exec(name.slice(prefix.length)) ?? []
  return ending !== undefined && (await readLock(join(dirname(file), prefix + ending)))?.id !== id
}

/** Removes files that killed processes left beside `file`. Never rejects: the next holder of the lock tries again. */
export async function cleanUp(file: string): Promise<void> {
  const directory = dirname(file)
  const self = currentIdentity()
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((name) => name.startsWith(`.${basename(file)}.`))) {
    const path = join(directory, name)
    const age = async (): Promise<number> => Date.now() - (await stat(path)).mtimeMs
    try {
      if ((await isAbandoned(file, name, self, age)) || (await isFinishedTakeover(file, name)))
        await rm(path, { recursive: true, force: true })
    } catch {
      // The file has been removed meanwhile, or belongs to another user.
    }
  }
}
