import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import axios from 'axios'
import { build } from 'esbuild'
import type { ProxyCase, ProxyOutcome } from '../helpers/proxied-program.js'
import { listen } from '../helpers/world.js'

type Listening = Awaited<ReturnType<typeof listen>>

let proxy: Listening
let api: Listening
/** Everything that arrives at the proxy, as it arrives. */
let proxied: { line: string; authorization: string | undefined }[]
let served: (string | undefined)[]
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proxies-'))
  proxy = await listen(
    ({ method, url, headers }, response) => {
      proxied.push({ line: `${method} ${url}`, authorization: headers.authorization })
      response.end('{}')
    },
    { host: '0.0.0.0' },
  )
  proxy.server.on('connect', ({ url, headers }, socket) => {
    proxied.push({ line: `CONNECT ${url}`, authorization: headers.authorization })
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  api = await listen(({ headers }, response) => {
    served.push(headers.authorization)
    response.end('{}')
  })
})
afterAll(() => Promise.all([proxy.close(), api.close(), rm(directory, { recursive: true })]))
beforeEach(() => {
  proxied = []
  served = []
})

// The oldest release has a run of its own.
const releases = axios.VERSION === '1.7.0' ? ['axios-1.7.0'] : ['axios-1.13.2', 'axios']
const bundles = new Map<string, Promise<string>>()

function bundle(release: string): Promise<string> {
  const known = bundles.get(release)
  if (known) return known
  const outfile = join(directory, `${release}.mjs`)
  const made = build({
    entryPoints: [join(process.cwd(), '__tests__/helpers/proxied-program.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    ...(release !== 'axios' && { alias: { axios: release } }),
    logLevel: 'error',
  }).then(() => outfile)
  bundles.set(release, made)
  return made
}

async function send(release: string, ...cases: ProxyCase[]): Promise<ProxyOutcome[]> {
  const env = { PATH: process.env.PATH }
  const { stdout } = await promisify(execFile)(process.execPath, [await bundle(release), JSON.stringify(cases)], { env })
  return JSON.parse(stdout) as ProxyOutcome[]
}

/** An address that the rule takes for another machine's, and that reaches this one. */
const elsewhere = (): string => proxy.url
const option = (): { protocol: string; host: string; port: number } => ({
  protocol: 'http',
  host: '0.0.0.0',
  port: Number(new URL(proxy.url).port),
})
const https = { baseURL: 'https://api.example.invalid' }
const token = 'Bearer made-up'
const refused = (advice: string): object => ({ code: 'OAUTH_INSECURE_PROXY', message: expect.stringContaining(advice) })

describe.each(releases)('through an http proxy on another machine, with %s', (release) => {
  const tunnels = release === 'axios'

  it('without this package, https reaches the proxy in a tunnel or in the clear, as the release does it', async () => {
    await send(release, { env: { HTTPS_PROXY: elsewhere() }, config: https }, { config: { ...https, proxy: option() } })
    expect(proxied).toEqual(
      Array(2).fill(
        tunnels
          ? { line: 'CONNECT api.example.invalid:443', authorization: undefined }
          : { line: 'GET https://api.example.invalid/x', authorization: token },
      ),
    )
  })

  it('a token goes over https in a tunnel alone', async () => {
    const attach = {}
    const outcomes = await send(
      release,
      { env: { HTTPS_PROXY: elsewhere() }, config: https, attach },
      { env: { https_proxy: elsewhere() }, config: https, attach },
      { env: { ALL_PROXY: elsewhere() }, config: https, attach },
      { config: { ...https, proxy: option() }, attach },
    )
    if (tunnels) {
      expect(proxied).toEqual(Array(4).fill({ line: 'CONNECT api.example.invalid:443', authorization: undefined }))
      for (const { code } of outcomes) expect(code).not.toMatch(/^OAUTH_/)
    } else {
      expect(outcomes).toEqual(Array(4).fill(refused('Update axios to 1.16.1 or later')))
      expect(proxied).toEqual([])
    }
  })

  it('the token of an API on this machine is not sent, and the error says what to do', async () => {
    const config = { baseURL: api.url }
    const [without, ...outcomes] = await send(
      release,
      { env: { HTTP_PROXY: elsewhere() }, config },
      { env: { HTTP_PROXY: elsewhere() }, config, attach: {} },
      { env: { all_proxy: elsewhere() }, config, attach: {} },
      { config: { ...config, proxy: option() }, attach: {} },
    )
    expect(without).toEqual({ status: 200 })
    const byVariable = refused('Set NO_PROXY=127.0.0.1, or pass proxy: false.')
    // axios applies NO_PROXY only to the proxy of a variable.
    expect(outcomes).toEqual([byVariable, byVariable, refused('encryption. Pass proxy: false.')])
    expect(proxied).toEqual([{ line: `GET ${api.url}/x`, authorization: token }])
    expect(served).toEqual([])
  })

  it('a request that goes past the proxy has its token', async () => {
    const config = { baseURL: api.url }
    const env = { HTTP_PROXY: elsewhere(), HTTPS_PROXY: elsewhere() }
    const outcomes = await send(
      release,
      { env: { ...env, NO_PROXY: 'example.com, 127.0.0.1' }, config, attach: {} },
      { env: { ...env, no_proxy: '*' }, config, attach: {} },
      { env, config: { ...config, proxy: false }, attach: {} },
      { env, config: { ...config, adapter: 'fetch' }, attach: {} },
    )
    expect(outcomes).toEqual(Array(4).fill({ status: 200 }))
    expect([served, proxied]).toEqual([Array(4).fill(token), []])
  })

  it('the token is not sent in the clear through a proxy on this machine either: that may pass it on', async () => {
    const config = { baseURL: api.url }
    const local = elsewhere().replace('0.0.0.0', '127.0.0.1')
    const outcomes = await send(
      release,
      { env: { HTTP_PROXY: local }, config, attach: {} },
      { config: { ...config, proxy: { ...option(), host: 'localhost' } }, attach: {} },
    )
    expect(outcomes).toEqual([
      refused('Set NO_PROXY=127.0.0.1, or pass proxy: false.'),
      refused('encryption. Pass proxy: false.'),
    ])
    expect([served, proxied]).toEqual([[], []])
  })

  it('a request goes as the caller wants it: without a token, opted out, or with insecure http allowed', async () => {
    const config = { baseURL: api.url }
    const env = { HTTP_PROXY: elsewhere() }
    const outcomes = await send(
      release,
      { env, config, attach: { signedOut: true } },
      { env, config: { ...config, oauth: false }, attach: {} },
      { env, config, attach: { dangerouslyAllowInsecureHttp: true } },
    )
    expect(outcomes).toEqual(Array(3).fill({ status: 200 }))
    expect(proxied.map(({ authorization }) => authorization)).toEqual([undefined, undefined, token])
  })
})
