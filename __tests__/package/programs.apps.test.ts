import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tsx } from '../helpers/run-script.js'
import { bundle } from '../../scripts/bundle.js'
import { startServers, type Servers } from '../../scripts/servers/start.js'

const run = promisify(execFile)
const root = process.cwd()
// Inside the package, so that its own name resolves to the build.
const directory = join(root, 'reports', 'programs')

let servers: Servers
beforeAll(async () => {
  await mkdir(directory, { recursive: true })
  servers = await startServers()
})
afterAll(() => servers.stop())
beforeEach(() => servers.reset())

async function example(name: string, environment: Record<string, string>): Promise<string> {
  const outfile = join(directory, `${name}.mjs`)
  await bundle(join(root, 'examples', `${name}.ts`), outfile)
  const { issuer, apiUrl, tokenEndpoint } = servers
  const given = { API_URL: apiUrl, ISSUER: issuer, TOKEN_ENDPOINT: tokenEndpoint, CLIENT_ID: 'public', ...environment }
  const { stdout } = await run(process.execPath, ['--no-warnings', outfile], { env: { ...process.env, ...given } })
  return stdout.trim()
}

describe('the examples run', () => {
  it('token-file: the file is kept up to date', async () => {
    const path = join(directory, 'tokens.json')
    const tokens = await servers.mint()
    await writeFile(path, JSON.stringify({ ...tokens, expires_on: '1569281808' }))
    expect(await example('token-file', { TOKEN_FILE: path })).toBe('The API answered 200')
    const kept = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    expect(kept.refresh_token).not.toBe(tokens.refresh_token)
    expect(Number(kept.expires_on)).toBeGreaterThan(Date.now() / 1000)
    expect(await servers.counts()).toMatchObject({ refreshGrants: 1, rejected: 0, served: 1 })
  })

  it('token-file: without a file it says what to do', async () => {
    expect(await example('token-file', { TOKEN_FILE: join(directory, 'missing.json') })).toMatch(/No user is signed in/)
  })

  it('client-credentials: one token for the first requests', async () => {
    expect(await example('client-credentials', { CLIENT_ID: 'post', CLIENT_SECRET: 'made-up-post-secret' })).toBe('200 200 200')
    expect(await servers.counts()).toMatchObject({ tokenRequests: 1, served: 3 })
  })

  it.each([
    ['custom-store', 'A new token set was stored\nThe API answered 200'],
    ['openid-client', 'The API answered 200'],
  ])('%s: recovers', async (name, output) => {
    const tokens = await servers.mint()
    await servers.refuseAccessTokens()
    expect(await example(name, { TOKENS: JSON.stringify(tokens) })).toBe(output)
    expect(await servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, rejected: 1, served: 1 })
  })
})

describe('the demo', () => {
  interface Outcome {
    code: number
    stdout: string
    stderr: string
  }
  const demo = (...options: string[]): Promise<Outcome> =>
    run(process.execPath, ['--no-warnings', ...tsx, 'scripts/demo/main.ts', ...options], { cwd: root }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: Outcome) => error,
    )

  it('refreshes, saves, and re-sends, prints plain lines where there is no terminal, and exits with 0', async () => {
    const { code, stdout } = await demo()
    expect(stdout).toContain('All counts are as expected.')
    for (const round of stdout.split(/^\d {2}/m).slice(3, 5)) expect(round).toMatch(/ refresh .*\n.* save .*\n.* use /)
    expect(stdout).toMatch(/ use .*\n.* re-send /)
    expect(stdout).toMatch(/ms {2}refresh started: .*\n(.*\n)?.*refreshed: .*\n.*tokens saved\n.*released: .*\n.*re-sent/)
    expect(stdout).not.toContain('\u001b')
    // Tokens of this server have 43 characters.
    expect(stdout).not.toMatch(/[\w-]{43}/)
    expect(code).toBe(0)
  })

  it('detects a reused refresh token, and exits with 1', async () => {
    const { code, stdout } = await demo('--provoke-reuse')
    expect([code, stdout.trim().split('\n').at(-1)]).toEqual([1, 'Not as expected: refresh grants, refresh tokens reused.'])
  })

  it('explains itself', async () => {
    expect(await demo('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--token-endpoint') })
  })

  it.each([
    [['--api-url', 'x']],
    [['--nonsense']],
    [['--token-file', 'f', '--api-url', 'x', '--token-endpoint', 'y', '--client-id', 'z']],
  ])('says what is wrong with %j', async (options) => {
    const { code, stderr } = await demo(...options)
    expect([code, stderr]).toEqual([2, expect.stringContaining('--help')])
  })

  it('does the same with the user’s own token file and API', async () => {
    const path = join(directory, 'own.json')
    const tokens = await servers.mint()
    await writeFile(path, JSON.stringify(tokens))
    await servers.refuseAccessTokens()
    const own = [
      '--token-file',
      path,
      '--api-url',
      `${servers.apiUrl}/me`,
      '--token-endpoint',
      servers.tokenEndpoint,
      '--client-id',
      'public',
    ]
    const { code, stdout } = await demo(...own)
    expect(stdout).toMatch(/refresh started[\s\S]*tokens saved[\s\S]*GET \/me re-sent[\s\S]*200/)
    expect(code).toBe(0)
    const kept = await readFile(path, 'utf8')
    expect(kept).not.toContain(tokens.refresh_token)
    for (const secret of [tokens.access_token, tokens.refresh_token]) expect(stdout).not.toContain(secret)
  })
})
