import { inspect } from 'node:util'
import axios from 'axios'
import { refreshToken } from '../../src/grants/index.js'
import { attach, expired, rejection } from '../helpers/client.js'
import { json, lost, startWorld, type World } from '../helpers/world.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

const secretPattern = /at-[0-9a-f]{8}|rt-[0-9a-f]{8}|made-up-secret|bWFkZS11cC1zZWNyZXQ/

/** Everything that a logger would make of it. */
function written(value: unknown): string {
  const text = [
    JSON.stringify(value),
    inspect(value),
    inspect(value, { depth: 12, showHidden: true }),
    String((value as Error).stack),
    String(value),
  ].join('\n')
  // A failure shows what was found, not the megabytes around it.
  return secretPattern.exec(text)?.[0] ?? text.slice(0, 1000)
}

describe('no secret is in what is written of an error', () => {
  it('the pattern finds a token where there is one', () => {
    expect(written({ token: world.tokens.access_token })).toMatch(secretPattern)
  })

  it.each([403, 404, 500])('of the API (%i)', async (status) => {
    world.resource.faults.always({ instead: json(status, { error: 'made up' }) })
    const { api } = attach(world)
    const error = await rejection(api.post('/x', { a: 1 }))
    expect(error).toMatchObject({ response: { status }, config: { url: '/x' } })
    expect(written(error)).not.toMatch(secretPattern)
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ status, method: 'post', url: '/x' })
  })

  it('of a connection that breaks', async () => {
    world.resource.faults.always(lost)
    const { api } = attach(world)
    expect(written(await rejection(api.get('/x')))).not.toMatch(secretPattern)
  })

  it('of a 401 after a re-send', async () => {
    world.resource.rejectAll = true
    const { api } = attach(world)
    const error = await rejection(api.get('/x'))
    expect(error).toMatchObject({ response: { status: 401 } })
    expect(written(error)).not.toMatch(secretPattern)
  })

  it('of a failure after a re-send', async () => {
    world.revokeAccessTokens()
    const { api } = attach(world)
    world.resource.faults.once({})
    world.resource.faults.always({ instead: json(500, {}) })
    const error = await rejection(api.get('/x'))
    expect(error).toMatchObject({ response: { status: 500 } })
    expect(written(error)).not.toMatch(secretPattern)
  })

  it.each(['fetch', 'axios'] as const)('of a refresh that fails, through %s', async (transport) => {
    const refresh = refreshToken({
      tokenEndpoint: world.tokenEndpoint,
      clientId: 'app',
      clientSecret: 'made-up-secret',
      clientAuthentication: 'client_secret_post',
      ...(transport === 'axios' && { axios: axios.create() }),
    })
    for (const fault of [
      { instead: json(400, { error: 'invalid_client', error_description: `no such token ${world.tokens.refresh_token}` }) },
      { instead: json(500, {}) },
      lost,
    ]) {
      const { api, session } = attach(world, { tokens: expired(world), refresh })
      const events: unknown[] = []
      for (const name of ['refresh_started', 'refresh_failed', 'queued', 'released', 'unpersisted'] as const)
        session.on(name, (event) => events.push(event))
      world.token.faults.always(fault)
      const error = await rejection(api.get('/x?token=at-00000000'))
      expect(error.code).toMatch(/^OAUTH_/)
      expect(written(error)).not.toMatch(secretPattern)
      expect(events.length).toBeGreaterThan(2)
      expect(written(events)).not.toMatch(secretPattern)
    }
  })

  it.each(['fetch', 'axios'] as const)(
    'of a refresh that fails, whose client has signed an assertion, through %s',
    async (transport) => {
      const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
      const refresh = refreshToken({
        tokenEndpoint: world.tokenEndpoint,
        clientId: 'app',
        clientAuthentication: { method: 'private_key_jwt', key: privateKey },
        ...(transport === 'axios' && { axios: axios.create() }),
      })
      for (const fault of [{ instead: json(401, { error: 'invalid_client' }) }, { instead: json(500, {}) }, lost]) {
        const { api } = attach(world, { tokens: expired(world), refresh })
        world.token.faults.always(fault)
        const error = await rejection(api.get('/x'))
        const assertion = new URLSearchParams(world.token.log.at(-1)!.body.toString()).get('client_assertion')!
        expect(assertion).toMatch(/^eyJ/)
        expect(error.code).toMatch(/^OAUTH_/)
        for (const text of [written(error), written(error.cause), inspect(error, { depth: 12, showHidden: true })])
          expect(text).not.toContain(assertion.slice(0, 30))
      }
    },
  )

  it('of a refresh function that rejects with an axios error, whose config holds the refresh token', async () => {
    world.token.faults.always({ instead: json(500, {}) })
    const { api } = attach(world, {
      tokens: expired(world),
      refresh: async (tokens) => (await axios.post(world.tokenEndpoint, { refresh_token: tokens?.refresh_token })).data,
    })
    const error = await rejection(api.get('/x'))
    expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect(written(error)).not.toMatch(secretPattern)
    expect(written(error.cause)).not.toMatch(secretPattern)
  })

  it('of a body that can not be sent twice', async () => {
    world.revokeAccessTokens()
    const { Readable } = await import('node:stream')
    const { api, session } = attach(world)
    expect(written(await rejection(api.post('/x', Readable.from(['a']))))).not.toMatch(secretPattern)
    await session.refresh()
  })

  it('of a config: the ticket of the package shows nothing', async () => {
    const { api } = attach(world)
    const { config } = await api.get('/x')
    config.headers.delete('Authorization')
    expect(JSON.stringify(config) + inspect(config, { depth: 12, showHidden: true })).not.toMatch(secretPattern)
  })
})
