import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { look } from './lock.js'
import { whoAmI } from './process.js'
import { isForsaken } from './temporary.js'

/** What follows the token file's name in that of a grave: the lock file's ending, and the id of the holder that was to be buried. */
const grave = /^((?:write-)?lock(?:\.[0-9a-f-]{36})*)\.([0-9a-f-]{36})$/

/** A grave is needed only as long as the lock still names the dead one: no id comes back. */
async function isClosedGrave(file: string, name: string): Promise<boolean> {
  const prefix = `.${basename(file)}.`
  const [, ending, id] = grave.exec(name.slice(prefix.length)) ?? []
  return ending !== undefined && (await look(join(dirname(file), prefix + ending)))?.id !== id
}

/** Removes what killed processes have left beside `file`. Never fails: the next one tries again. */
export async function sweep(file: string): Promise<void> {
  const directory = dirname(file)
  const self = whoAmI()
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((name) => name.startsWith(`.${basename(file)}.`))) {
    const path = join(directory, name)
    const age = async (): Promise<number> => Date.now() - (await stat(path)).mtimeMs
    try {
      if ((await isForsaken(file, name, self, age)) || (await isClosedGrave(file, name))) await rm(path, { force: true })
    } catch {
      // Gone meanwhile, or not ours to remove.
    }
  }
}
