// The file store for the processes of `scripts/processes/`. The modules beside it have the same members.
import { readFile, readdir, rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileStore } from 'axios-attach-oauth/file'
import { wholeTokens } from './tokens.mjs'

const textOf = (path) =>
  readFile(path, 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })

/** Opens the store, in whichever process. */
export const open = async ({ path }) => ({ store: fileStore(path), close: () => undefined })

/** Makes room for one run. `place` is JSON: what each process gets to open the store with. */
export async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-processes-'))
  const path = join(directory, 'tokens.json')
  return {
    place: { path },
    /** What is stored, read past the store: the token set or `undefined`. Rejects when it isn't whole. */
    inspect: async () => wholeTokens(await textOf(path)),
    /** What tells one who holds the lock from another; `undefined` when it is free. */
    holder: async () => (await textOf(join(dirname(path), '.tokens.json.lock'))) || undefined,
    /** What lies there besides the token set. */
    leftovers: async () => (await readdir(directory)).filter((name) => name !== 'tokens.json'),
    tearDown: () => rm(directory, { recursive: true, force: true }),
  }
}
