import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios from 'axios'
import { clientCredentials, refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { call, revoke, stored } from '../helpers/token-endpoint.js'

interface Received {
  headers: NodeJS.Dict<string | string[]>
  body: string
}

const received: Received[] = []
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += String(chunk)))
  request.on('end', () => {
    received.push({ headers: request.headers, body })
    response.end('{"access_token":"made-up-access"}')
  })
})
let tokenEndpoint: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  tokenEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))
beforeEach(() => void received.splice(0))

describe.each<[string, () => Partial<GrantOptions>]>([
  ['the platform’s fetch', () => ({})],
  ['the http adapter of axios', () => ({ axios: axios.create({ adapter: 'http' }) })],
  ['the fetch adapter of axios', () => ({ axios: axios.create({ adapter: 'fetch' }) })],
])('a token request through %s', (_name, transport) => {
  const sent = async (options: Partial<GrantOptions>, grant = refreshToken): Promise<Received> => {
    await call(grant({ tokenEndpoint, clientId: 'app', ...transport(), ...options }))
    return received[0]!
  }

  it('is JSON where the server expects it', async () => {
    const more = { scope: 'read', resource: ['https://a.example', 'https://b.example'], parameters: { tenant: 'one & only' } }
    const { headers, body } = await sent({ bodyFormat: 'json', ...more })
    expect(headers['content-type']).toBe('application/json')
    expect(headers.accept).toBe('application/json')
    expect(JSON.parse(body)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: stored.refresh_token,
      client_id: 'app',
      scope: 'read',
      resource: ['https://a.example', 'https://b.example'],
      tenant: 'one & only',
    })
  })

  it('has the names that the server knows its parameters by', async () => {
    const parameterNames = { client_id: 'client_key', client_secret: 'app_secret', refresh_token: 'token', grant_type: 'type' }
    const { body } = await sent({ clientSecret: 'secret', clientAuthentication: 'client_secret_post', parameterNames })
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      type: 'refresh_token',
      token: stored.refresh_token,
      client_key: 'app',
      app_secret: 'secret',
    })
  })

  it('carries the headers that are given', async () => {
    const { headers } = await sent({ headers: { 'X-Api-Key': 'made-up-key', Authorization: 'Key made-up' } })
    expect([headers['x-api-key'], headers.authorization]).toEqual(['made-up-key', 'Key made-up'])
  })

  it('carries another grant type where the server has one of its own (Zoom)', async () => {
    const zoom = { grantType: 'account_credentials', parameters: { account_id: 'made-up' }, clientSecret: 'secret' }
    const { body, headers } = await sent(zoom, clientCredentials)
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ grant_type: 'account_credentials', account_id: 'made-up' })
    expect(headers.authorization).toBe(`Basic ${btoa('app:secret')}`)
  })

  it('that revokes has the same form', async () => {
    const { body, headers } = await (async () => {
      const options = {
        bodyFormat: 'json',
        parameterNames: { client_id: 'client_key' },
        headers: { 'X-Api-Key': 'key' },
      } as const
      await revoke(
        refreshToken({ tokenEndpoint, revocationEndpoint: tokenEndpoint, clientId: 'app', ...options, ...transport() }),
      )
      return received[0]!
    })()
    expect(headers['x-api-key']).toBe('key')
    expect(JSON.parse(body)).toEqual({
      client_key: 'app',
      token: stored.refresh_token,
      token_type_hint: 'refresh_token',
    })
  })
})
