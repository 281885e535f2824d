import { spawn } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { build } from 'esbuild'
import type { TokenJSON } from '../../src/index.js'
import { fileStore } from '../../src/stores/file.js'
import { rejection } from '../helpers/client.js'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-file-'))
  path = join(directory, 'tokens.json')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

/** A response of Microsoft's token endpoint. */
const microsoft = {
  token_type: 'Bearer',
  scope: 'User.Read',
  expires_in: 3600,
  ext_expires_in: 3600,
  expires_on: '1569281808',
  access_token: 'at-made-up',
  refresh_token: 'rt-made-up',
  id_token: 'id-made-up',
}
const set = { replacing: undefined, mode: 'set' } as const
const write = (tokens: TokenJSON | undefined): unknown => fileStore(path).write(tokens, set)

describe('a token file', () => {
  it('is read as other tools write it, and written back with all its members', async () => {
    await writeFile(path, `\uFEFF${JSON.stringify(microsoft)}`)
    const tokens = await fileStore(path).read()
    expect(tokens).toEqual(microsoft)
    await write({ ...tokens, access_token: 'at-second' })
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...microsoft, access_token: 'at-second' })
  })

  it('that is missing means that no user is signed in, and is created with its directory and mode 0600', async () => {
    path = join(directory, 'deep', 'er', 'tokens.json')
    expect(await fileStore(path).read()).toBeUndefined()
    await write({ access_token: 'at-made-up' })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('keeps its mode, except for the rights of others', async () => {
    await writeFile(path, '{}')
    await chmod(path, 0o646)
    await write({ access_token: 'at-made-up' })
    expect((await stat(path)).mode & 0o777).toBe(0o640)
  })

  it('is written without leaving anything beside it', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => write({ access_token: `at-${i}` })))
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('may be a symbolic link: its target is replaced, and the link stays', async () => {
    const target = join(directory, 'target.json')
    await writeFile(target, '{"access_token":"at-old"}')
    await symlink(target, path)
    await write({ access_token: 'at-new' })
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
    expect(JSON.parse(await readFile(target, 'utf8'))).toEqual({ access_token: 'at-new' })
  })

  it('is removed by signing out, also a second time', async () => {
    await write(microsoft)
    await write(undefined)
    await write(undefined)
    expect(await readdir(directory)).toEqual([])
  })

  it('is not replaced when it no longer contains what was read', async () => {
    const store = fileStore(path)
    await write({ access_token: 'at-1', refresh_token: 'rt-1' })
    const replacing = (await store.read()) as TokenJSON
    await write({ access_token: 'at-2', refresh_token: 'rt-2' })
    expect(await store.write({ access_token: 'at-3' }, { replacing, mode: 'replace' })).toBe(false)
    expect(await store.read()).toEqual({ access_token: 'at-2', refresh_token: 'rt-2' })
  })
})

describe('a token file that can not be used leads to a typed error that names the path and never the content', () => {
  async function expectFailure(promise: unknown, advice: RegExp): Promise<void> {
    const error = await rejection(Promise.resolve(promise))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining(path) })
    expect(error.message).toMatch(advice)
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String(error.stack)).not.toContain('made-up')
  }

  it.each([
    ['empty', '', /empty/],
    ['blank', ' \n', /empty/],
    ['cut in half', '{"access_token": "at-made-up", "refresh_tok', /not contain JSON/],
    ['not JSON', 'access_token=at-made-up', /not contain JSON/],
    ['JSON that is not an object', '["at-made-up"]', /not an object/],
  ])('%s; the file is not changed', async (_name, content, advice) => {
    await writeFile(path, content)
    await expectFailure(fileStore(path).read(), advice)
    expect(await readFile(path, 'utf8')).toBe(content)
  })

  it('a directory', async () => {
    await mkdir(path)
    await expectFailure(fileStore(path).read(), /directory/)
    await expectFailure(write(microsoft), /directory/)
  })

  it('below a file', async () => {
    await writeFile(path, '{}')
    path = join(path, 'tokens.json')
    await expectFailure(fileStore(path).read(), /not a directory/)
  })

  it('on a full disk: a process whose files may not grow', async () => {
    await writeFile(path, JSON.stringify(microsoft))
    const program = join(directory, 'child.mjs')
    await build({
      entryPoints: [join(process.cwd(), 'src/stores/file.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(directory, 'file.mjs'),
    })
    await writeFile(
      program,
      `import { fileStore } from './file.mjs'
process.on('SIGXFSZ', () => {})
const error = await fileStore(process.argv[2]).write({ access_token: 'at-made-up', filler: 'x'.repeat(100000) }, { mode: 'set' }).catch((error) => error)
console.log(JSON.stringify({ code: error.code, message: error.message, cause: error.cause?.code }))`,
    )
    const child = spawn('bash', ['-c', `ulimit -f 8; exec "${process.execPath}" --no-warnings "${program}" "${path}"`])
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    await new Promise((resolve) => child.on('close', resolve))
    expect(JSON.parse(output)).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      cause: 'EFBIG',
      message: expect.stringContaining(path),
    })
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(microsoft)
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('no path: a TypeError', () => {
    expect(() => fileStore('')).toThrow(TypeError)
    expect(() => fileStore(undefined as never)).toThrow(/path/)
  })
})
