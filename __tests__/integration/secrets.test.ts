import { execFile } from 'node:child_process'
import { inspect } from 'node:util'
import axios from 'axios'
import { refreshToken } from '../../src/grants/index.js'
import { originalCause } from '../../src/index.js'
import { attach, expired, rejection } from '../helpers/client.js'
import { printed } from '../helpers/printers.js'
import { json, lost, startWorld, type World } from '../helpers/world.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

const secretPattern = /at-[0-9a-f]{8}|rt-[0-9a-f]{8}|made-up-secret|bWFkZS11cC1zZWNyZXQ/

/** The output of every printer and logger for a value. */
function written(value: unknown): string {
  const text = Object.entries(printed(value)).flat().join('\n')
  // A failure shows what was found, not the megabytes around it.
  return secretPattern.exec(text)?.[0] ?? text.slice(0, 1000)
}

describe('no printer or logger shows a secret of an error', () => {
  it('the pattern finds a token where there is one', () => {
    const found = Object.entries(printed(Object.assign(new Error('made up'), { token: world.tokens.access_token })))
    const silent = found.filter(([, text]) => !secretPattern.test(text)).map(([printer]) => printer)
    // These print no members of an error, only its stack and its causes.
    expect(silent).toEqual(['String', 'stack', 'node:assert, ifError', 'Jest, toEqual', 'Jest, toBe', 'Jest, toStrictEqual'])
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
      world.revokeAccessTokens()
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
        world.revokeAccessTokens()
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
    world.revokeAccessTokens()
    const { api } = attach(world, {
      tokens: expired(world),
      refresh: async (tokens) => (await axios.post(world.tokenEndpoint, { refresh_token: tokens?.refresh_token })).data,
    })
    const error = await rejection(api.get('/x'))
    expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect(written(error)).not.toMatch(secretPattern)
    expect(written(error.cause)).not.toMatch(secretPattern)
  })

  it('of a refresh function of one’s own that answers with an axios error whose cause is another', async () => {
    world.token.faults.always(lost)
    world.revokeAccessTokens()
    const { api, session } = attach(world, {
      tokens: expired(world),
      refresh: async (tokens) => {
        const answer = await axios.post<{ access_token: string }>(world.tokenEndpoint, new URLSearchParams(tokens as never))
        return answer.data
      },
    })
    for (const error of [await rejection(api.get('/x')), await rejection(session.refresh())]) {
      expect(error.code).toBe('OAUTH_REFRESH_UNAVAILABLE')
      expect(written(error)).not.toMatch(secretPattern)
      expect(axios.isAxiosError(originalCause(error))).toBe(true)
    }
  })

  it('of an uncaught error: Node’s crash output', async () => {
    world.resource.faults.always({ instead: ({ url }) => json(url === '/rejected' ? 401 : 500, { error: 'made up' }) })
    const program = `
      import axios from 'axios'
      import { attachOAuth, memoryStore } from 'axios-attach-oauth'
      const [baseURL, tokens, path] = process.argv.slice(1)
      const api = axios.create({ baseURL })
      const refresh = async ({ refresh_token }) => (await axios.post(baseURL, { refresh_token })).data
      attachOAuth(api, memoryStore(JSON.parse(tokens)), { refresh })
      await api.get(path)`
    const crash = (tokens: object, path: string): Promise<string> =>
      new Promise((resolve) => {
        const args = ['--input-type=module', '-e', program, world.api, JSON.stringify(tokens), path]
        execFile(process.execPath, args, (_error, _stdout, stderr) => resolve(stderr))
      })
    const [failed, unrefreshed] = await Promise.all([crash(world.tokens, '/x'), crash(expired(world), '/rejected')])
    expect(failed).toContain('AxiosError: Request failed with status code 500')
    expect(unrefreshed).toContain('OAUTH_REFRESH_UNAVAILABLE')
    expect(failed + unrefreshed).not.toMatch(secretPattern)
  })

  it('of a body that can not be sent twice', async () => {
    world.revokeAccessTokens()
    const { Readable } = await import('node:stream')
    const { api, session } = attach(world)
    expect(written(await rejection(api.post('/x', Readable.from(['a']))))).not.toMatch(secretPattern)
    await session.refresh()
  })

  it('of a config: what the package keeps there shows nothing', async () => {
    const { api } = attach(world)
    const { config } = await api.get('/x')
    config.headers.delete('Authorization')
    expect(JSON.stringify(config) + inspect(config, { depth: 12, showHidden: true })).not.toMatch(secretPattern)
  })
})
