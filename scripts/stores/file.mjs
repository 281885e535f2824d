// The file store for `scripts/processes.mjs` and `scripts/kill-rounds.mjs`.
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileStore } from 'axios-attach-oauth/file'

/** Makes room for one run. `place` is JSON: what each process gets to open the store with. */
export async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-processes-'))
  return { place: { path: join(directory, 'tokens.json') }, tearDown: () => rm(directory, { recursive: true, force: true }) }
}

/** Opens the store, in whichever process. */
export const open = ({ path }) => fileStore(path)

/** Who holds the lock right now: a process id. Synchronous, so that it is still true when it is used. */
export function holder({ path }) {
  try {
    return JSON.parse(readFileSync(join(dirname(path), '.tokens.json.lock'), 'utf8')).pid
  } catch {
    return undefined
  }
}

/** What is stored, read without the store: the token JSON, or `undefined`. Throws when it isn't whole. */
export async function inspect({ path }) {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (text === undefined) return undefined
  const tokens = JSON.parse(text)
  if (!tokens.access_token || !tokens.refresh_token) throw new Error('The file holds half a token set')
  return tokens
}

/** What lies there besides the token set. */
export async function leftovers({ path }) {
  return (await readdir(dirname(path))).filter((name) => name !== 'tokens.json')
}
