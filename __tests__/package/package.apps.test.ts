import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = process.cwd()
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
let directory: string
let tarball: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-package-'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], { cwd: root })
  tarball = join(directory, (JSON.parse(stdout) as { filename: string }[])[0]!.filename)
}, 120_000)
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('the packed package', () => {
  it('has nothing that publint objects to', async () => {
    const { stdout } = await run(bin('publint'), ['--strict', tarball], { cwd: root })
    expect(stdout).toContain('All good')
  })

  it('has types that resolve from ESM and CommonJS', async () => {
    const { stdout } = await run(bin('attw'), [tarball, '--format', 'json'], { cwd: root })
    const { analysis } = JSON.parse(stdout) as { analysis: { problems: unknown[] } }
    expect(analysis.problems).toEqual([])
  })

  it('is used from an empty project by ESM, CommonJS and TypeScript', async () => {
    const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text)
    await write('package.json', JSON.stringify({ name: 'empty', private: true }))
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball, 'axios@1.21.1'], { cwd: directory })
    const body = `
const api = axios.create({ baseURL: 'https://api.example.com', adapter: async (config) => ({ data: config.headers.Authorization, status: 200, statusText: '', headers: {}, config }) })
const store = memoryStore({ access_token: 'made-up', expires_in: 60 })
const session = attachOAuth(api, store, { refresh: refreshToken({ tokenEndpoint: 'https://login.example.com/token', clientId: 'app' }) })
fileStore('tokens.json')
api.get('/', { oauth: undefined }).then(({ data }) => { console.log(data); session.detach() })
`
    const names = [
      ['axios', 'axios'],
      ['{ attachOAuth, memoryStore }', 'axios-attach-oauth'],
      ['{ fileStore }', 'axios-attach-oauth/file'],
      ['{ refreshToken }', 'axios-attach-oauth/grants'],
    ]
    const imports = names.map(([what, from]) => `import ${what!} from '${from!}'`).join('\n')
    await write('use.mjs', imports + body)
    await write('use.cjs', names.map(([what, from]) => `const ${what!} = require('${from!}')`).join('\n') + body)
    await write('use.mts', imports + body)
    await write('use.cts', imports.replace('import axios from', 'import axios = require(').replace("'axios'", "'axios')") + body)
    for (const program of ['use.mjs', 'use.cjs'])
      expect((await run(process.execPath, ['--no-warnings', program], { cwd: directory })).stdout.trim()).toBe('Bearer made-up')
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--skipLibCheck',
      '--module',
    ]
    await run(bin('tsc'), [...options, 'nodenext', 'use.mts', 'use.cts'], { cwd: directory })
    await run(bin('tsc'), [...options, 'esnext', '--moduleResolution', 'bundler', 'use.mts'], { cwd: directory })
  }, 120_000)
})
