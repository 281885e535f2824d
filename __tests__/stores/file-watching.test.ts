import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TokenJSON } from '../../src/index.js'
import { fileStore } from '../../src/stores/file.js'

const built = pathToFileURL(join(process.cwd(), 'dist', 'file.js')).href
const never = new AbortController().signal
const set = { replacing: undefined, mode: 'set' } as const

let directory: string
let path: string
let lockFile: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-lock-'))
  path = join(directory, 'tokens.json')
  lockFile = join(directory, '.tokens.json.lock')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('listening to a token file', () => {
  /** Counts the calls of two listeners: `own` listens to the store that writes. */
  async function listeners(): Promise<{
    store: ReturnType<typeof fileStore>
    calls: { own: number; other: number }
    end: () => void
  }> {
    const store = fileStore(path)
    const calls = { own: 0, other: 0 }
    const undo = [store.subscribe!(() => calls.own++), fileStore(path).subscribe!(() => calls.other++)]
    return { store, calls, end: () => undo.forEach((step) => step()) }
  }
  const change = (tokens: TokenJSON | undefined): unknown => fileStore(path).write(tokens, set)

  it('reports each change by another store and none by the same store', async () => {
    const { store, calls, end } = await listeners()
    await store.write({ access_token: 'at-1' }, set)
    await until(() => calls.other === 1)
    await store.write(undefined, set)
    await until(() => calls.other === 2)
    expect(calls.own).toBe(0)
    await change({ access_token: 'at-2' })
    await until(() => calls.own === 1)
    await writeFile(path, '{"access_token":"by another program"}')
    await until(() => calls.own === 2)
    await change(undefined)
    await until(() => calls.own === 3)
    end()
  })

  it('does not report locking', async () => {
    const { store, calls, end } = await listeners()
    for (let i = 0; i < 20; i++) await store.lock!(async () => undefined, never)
    await change({ access_token: 'at-1' })
    await until(() => calls.own > 0 && calls.other > 0)
    expect(calls).toEqual({ own: 1, other: 1 })
    end()
  })

  it('begins before the directory exists, and continues when it is removed and created again', async () => {
    path = join(directory, 'later', 'tokens.json')
    const { calls, end } = await listeners()
    await change({ access_token: 'at-1' })
    await until(() => calls.own === 1)
    await rm(join(directory, 'later'), { recursive: true })
    await until(() => calls.own === 2)
    await change({ access_token: 'at-2' })
    await until(() => calls.own === 3)
    end()
  })

  it('reports that a symbolic link leads to another directory, as of a Kubernetes secret that was updated', async () => {
    for (const version of ['v1', 'v2']) {
      await mkdir(join(directory, version))
      await writeFile(join(directory, version, 'tokens.json'), JSON.stringify({ access_token: version }))
    }
    await symlink('v1', join(directory, '..data'))
    await symlink(join('..data', 'tokens.json'), path)
    const { store, calls, end } = await listeners()
    expect(await store.read()).toEqual({ access_token: 'v1' })
    await symlink('v2', join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), join(directory, '..data'))
    await until(() => calls.other === 1 && calls.own === 1)
    expect(await store.read()).toEqual({ access_token: 'v2' })
    await writeFile(join(directory, 'v2', 'tokens.json'), JSON.stringify({ access_token: 'changed' }))
    await until(() => calls.other === 2 && calls.own === 2)
    end()
  })

  it('reports that a symbolic link leads to another file', async () => {
    for (const name of ['p', 'q']) await writeFile(join(directory, `${name}.json`), JSON.stringify({ access_token: name }))
    await symlink('p.json', path)
    const { calls, end } = await listeners()
    await symlink('q.json', join(directory, 'next'))
    await rename(join(directory, 'next'), path)
    await until(() => calls.other === 1 && calls.own === 1)
    end()
  })

  it('ends with its undo, and a listener that throws does not disturb the others', async () => {
    const { calls, end } = await listeners()
    let thrown = 0
    const undo = fileStore(path).subscribe!(() => {
      thrown++
      throw new Error('of the listener')
    })
    await change({ access_token: 'at-1' })
    await until(() => thrown === 1 && calls.own === 1)
    end()
    await change({ access_token: 'at-2' })
    await until(() => thrown === 2)
    undo()
    expect(calls.own).toBe(1)
  })

  it('does not keep the process alive, and neither does an acquired lock', async () => {
    const program = `import { fileStore } from ${JSON.stringify(built)}
      fileStore(process.argv[1]).subscribe(() => undefined)
      fileStore(process.argv[1] + '/not/yet').subscribe(() => undefined)
      fileStore(process.argv[1]).lock(() => new Promise(() => undefined), new AbortController().signal)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, path], { stdio: 'inherit' })
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
    expect(existsSync(lockFile)).toBe(true)
  })
})
