import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { tarball } from '../helpers/packed.js'

const run = promisify(execFile)
let directory: string
let lines: unknown[]

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-clients-'))
  await cp(join(process.cwd(), '__tests__/package/user-projects/http-clients'), directory, { recursive: true })
  await build({ entryPoints: ['docs/code/http-clients.ts'], format: 'esm', outfile: join(directory, 'clients.mjs') })
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await run('npm', [...install, tarball], { cwd: directory, shell: process.platform === 'win32' })
  const { stdout } = await run(process.execPath, ['--no-warnings', 'run.mjs'], { cwd: directory })
  lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}, 150_000)
afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

describe.each([
  ['ky', '{"data":{"ok":true}}'],
  ['openapi-fetch', '{"data":{"ok":true}}'],
  ['graphql-request', '{"ok":true}'],
])('another HTTP client with oauthFetch, from npm: %s', (name, answer) => {
  it('three requests with a 401 lead to one refresh, and each is sent again once with its body', () => {
    expect(lines).toContainEqual({ name, isEnded: false, outcomes: [answer], refreshes: 1, sent: 6, bodies: 1 })
  })

  it('the end of the session rejects with the typed error, and nothing is sent again', () => {
    expect(lines).toContainEqual({ name, isEnded: true, outcomes: ['OAuthFetchError'], refreshes: 1, sent: 3, bodies: 1 })
  })
})
