import { execFile } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { listen } from '../helpers/world.js'

const run = promisify(execFile)
const root = process.cwd()
const directory = join(root, 'reports', 'grants')

beforeAll(async () => {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  await mkdir(join(directory, 'node_modules'), { recursive: true })
  await symlink(root, join(directory, 'node_modules', 'axios-attach-oauth'), 'dir')
  await writeFile(join(directory, 'package.json'), '{"name":"user","private":true}')
})

describe('the built grants', () => {
  it('can be required in Jest, which does not load ESM, also where the platform lacks encoders', async () => {
    await writeFile(
      join(directory, 'user.test.js'),
      `
test('requires the grants', async () => {
  const encoders = { TextEncoder, TextDecoder }
  delete globalThis.TextEncoder
  delete globalThis.TextDecoder
  const grants = require('axios-attach-oauth/grants')
  Object.assign(globalThis, encoders)
  const small = require('axios-attach-oauth/refresh-token')
  expect(Object.keys(grants).sort()).toEqual(['TokenEndpointError', 'clientCredentials', 'refreshToken'])
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const sent = []
  const options = {
    tokenEndpoint: 'https://login.example.com/token',
    clientId: 'app',
    fetch: async (url, init) => (sent.push(String(init.body)), Response.json({ access_token: 'made-up' })),
  }
  const context = { signal: new AbortController().signal, reportDate() {} }
  const tokens = { refresh_token: 'made-up' }
  const key = { method: 'private_key_jwt', key: privateKey }
  expect(await grants.refreshToken({ ...options, clientAuthentication: key })(tokens, context)).toEqual({ access_token: 'made-up' })
  expect(await small.refreshToken(options)(tokens, context)).toEqual({ access_token: 'made-up' })
  expect(sent[0]).toMatch(/client_assertion=/)
})
`,
    )
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js')
    const config = JSON.stringify({ rootDir: directory, testEnvironment: 'node', transform: {}, testMatch: ['**/user.test.js'] })
    const { stderr } = await run(process.execPath, [jest, '--ci', '-i', '--config', config], { cwd: directory })
    expect(stderr).toMatch(/1 passed, 1 total/)
  })

  it.each(['cjs', 'mjs'])('shows no token, secret or assertion in what Node prints of an uncaught error (%s)', async (format) => {
    const { url, close } = await listen((request, response) => {
      request.resume()
      const body = { error: 'invalid_grant', error_description: 'made-up-refresh is spent', access_token: 'made-up-access' }
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    const load =
      format === 'cjs'
        ? "const { refreshToken } = require('axios-attach-oauth/grants')"
        : "import { refreshToken } from 'axios-attach-oauth/grants'"
    const program = join(directory, `crash.${format}`)
    await writeFile(
      program,
      `${load}
const { signal } = new AbortController()
const clientAuthentication = { method: 'client_assertion', assertion: 'made-up-assertion' }
const refresh = refreshToken({ tokenEndpoint: '${url}', clientId: 'app', clientAuthentication, headers: { 'x-key': 'made-up-key' } })
refresh({ access_token: 'made-up-old', refresh_token: 'made-up-refresh' }, { signal, reportDate() {} }).catch((error) => {
  console.dir(error, { depth: 10 })
  console.log(error, JSON.stringify(error))
  throw error
})
`,
    )
    const failure = (await run(process.execPath, [program]).catch((error: unknown) => error)) as Record<string, string>
    await close()
    const printed = `${failure.stdout}\n${failure.stderr}`
    expect(printed.match(/TokenEndpointError: The token endpoint answered 400 with the error invalid_grant\./g)).toHaveLength(3)
    expect(printed.replaceAll(program, '')).not.toMatch(/made-up/)
  })

  it('need oauth4webapi at run time only as an ES module', async () => {
    const { stdout } = await run(process.execPath, [
      '-e',
      "require('axios-attach-oauth/grants'); console.log(Object.keys(require.cache).filter((path) => path.includes('oauth4webapi')).length)",
    ])
    expect(stdout.trim()).toBe('0')
  })
})
