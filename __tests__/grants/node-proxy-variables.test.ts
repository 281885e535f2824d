import axios from 'axios'
import { refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { rejection } from '../helpers/client.js'
import { startTokenServer, withEnvironment, type TokenServer } from '../helpers/proxied.js'
import { call } from '../helpers/token-endpoint.js'

// Node 22.21 and later: with NODE_USE_ENV_PROXY its fetch and agents follow the variables. Here only the flag's existence is made up.
const flags = process.allowedNodeEnvironmentFlags
let server: TokenServer
beforeAll(async () => {
  server = await startTokenServer('http')
  Object.defineProperty(process, 'allowedNodeEnvironmentFlags', {
    value: new Set([...flags, '--use-env-proxy']),
    configurable: true,
  })
})
afterAll(async () => {
  Object.defineProperty(process, 'allowedNodeEnvironmentFlags', { value: flags, configurable: true })
  await server.close()
})

const proxied = { HTTP_PROXY: 'http://proxy.example.com:3128', NODE_USE_ENV_PROXY: '1' }

describe('where Node’s own fetch and agents follow proxy variables', () => {
  const request = (env: Record<string, string>, options: Partial<GrantOptions> = {}): ReturnType<typeof call> => {
    const tokenEndpoint = `http://localhost:${server.port}/token`
    return withEnvironment(env, () => call(refreshToken({ tokenEndpoint, clientId: 'app', ...options })))
  }
  afterEach(() => {
    delete process.env.NODE_USE_ENV_PROXY
    delete process.env.NODE_OPTIONS
  })

  it.each<[string, () => Partial<GrantOptions>]>([
    ['the platform’s fetch', () => ({})],
    ['the fetch adapter of axios', () => ({ axios: axios.create({ adapter: 'fetch' }) })],
    ['the http adapter of axios, which proxy: false does not stop', () => ({ axios: axios.create({ proxy: false }) })],
  ])('a request to loopback over plain http is not handed to a proxy through %s', async (_name, options) => {
    const insecure = { name: 'TokenEndpointError', code: 'ERR_INSECURE_PROXY' }
    expect(await rejection(request(proxied, options()))).toMatchObject(insecure)
    const flag = { HTTP_PROXY: proxied.HTTP_PROXY, NODE_OPTIONS: '--no-warnings --use-env-proxy' }
    delete process.env.NODE_USE_ENV_PROXY
    expect(await rejection(request(flag, options()))).toMatchObject(insecure)
    expect((await request({ ...proxied, NO_PROXY: 'localhost' }, options())).access_token).toBe('made-up-access')
  })

  it('a failed connection is not blamed on fetch', async () => {
    const options = { tokenEndpoint: 'https://127.0.0.1:1/token' }
    const env = { HTTPS_PROXY: 'http://proxy.example.com:3128', NODE_USE_ENV_PROXY: '1' }
    expect((await rejection(request(env, options))).message).not.toContain('HTTPS_PROXY')
  })
})
