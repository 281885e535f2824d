import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileStore } from 'axios-attach-oauth/file'
import type { OpenedStore, StoreSetup } from './index.js'
import { wholeTokens } from './tokens.js'

const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })

export const open = async ({ path }: { path: string }): Promise<OpenedStore> => ({
  store: fileStore(path),
  close: () => undefined,
})

export async function setUp(): Promise<StoreSetup> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-processes-'))
  const path = join(directory, 'tokens.json')
  return {
    address: { path },
    inspect: async () => wholeTokens(await textOf(path)),
    holder: async () => (await textOf(join(dirname(path), '.tokens.json.lock'))) || undefined,
    leftovers: async () => (await readdir(directory)).filter((name) => name !== 'tokens.json'),
    tearDown: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  }
}
