import { jest } from '@jest/globals'
import axios from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { clientCredentials, refreshToken, TokenEndpointError, type GrantOptions } from '../../src/grants/index.js'
import { deferred, rejection } from '../helpers/client.js'
import { call, fakeFetch, issued, noAnswer, revoke, stored, type Sent } from '../helpers/token-endpoint.js'

const issuer = 'https://login.example.com'
const metadata = { issuer, token_endpoint: 'https://login.example.com/token' }

const isDiscovery = ({ url }: Sent): boolean => url.includes('/.well-known/')
const discoveries = (sent: readonly Sent[]): string[] => sent.filter(isDiscovery).map(({ url }) => url)
const others = (sent: readonly Sent[]): string[] => sent.filter((one) => !isDiscovery(one)).map(({ url }) => url)

/** An issuer that answers discoveries as the test says, and everything else with a token. */
function setUp(
  discovered: (sent: Sent) => Response | Promise<Response>,
  options: Partial<GrantOptions> = {},
): { refresh: ReturnType<typeof refreshToken>; sent: Sent[] } {
  const { fetch, sent } = fakeFetch((one) => (isDiscovery(one) ? discovered(one) : issued()))
  return { refresh: refreshToken({ issuer, clientId: 'app', fetch, ...options }), sent }
}

describe('discovery', () => {
  it('asks the issuer for its metadata, and sends to the endpoint that they name', async () => {
    const { refresh, sent } = setUp(() => Response.json(metadata))
    await call(refresh)
    expect(sent[0]).toMatchObject({
      url: 'https://login.example.com/.well-known/openid-configuration',
      method: 'GET',
      redirect: 'manual',
      headers: { accept: 'application/json' },
    })
    expect(others(sent)).toEqual(['https://login.example.com/token'])
  })

  it('does not happen where the token endpoint is given', async () => {
    const { fetch, sent } = fakeFetch()
    await call(refreshToken({ tokenEndpoint: new URL('https://login.example.com/t'), clientId: 'app', fetch }))
    expect(sent.map(({ url }) => url)).toEqual(['https://login.example.com/t'])
  })

  it.each([
    ['not found', () => new Response('', { status: 404 })],
    ['no JSON', () => new Response('<html>')],
    ['of another issuer', () => Response.json({ ...metadata, issuer: 'https://other.example.com' })],
    ['without a token endpoint', () => Response.json({ issuer })],
    ['lost on the way', () => Promise.reject(new TypeError('made up'))],
  ])('tries the form of RFC 8414 when that of OpenID Connect is %s', async (_what, first) => {
    const tenant = `${issuer}/tenant`
    const { refresh, sent } = setUp(
      ({ url }) => (url.endsWith('openid-configuration') ? first() : Response.json({ ...metadata, issuer: tenant })),
      { issuer: new URL(tenant) },
    )
    await call(refresh)
    expect(discoveries(sent)).toEqual([
      'https://login.example.com/tenant/.well-known/openid-configuration',
      'https://login.example.com/.well-known/oauth-authorization-server/tenant',
    ])
    expect(others(sent)).toEqual([metadata.token_endpoint])
  })

  it('is remembered when it has worked, for revoking too', async () => {
    const { refresh, sent } = setUp(() => Response.json({ ...metadata, revocation_endpoint: `${issuer}/revoke` }))
    await call(refresh)
    await call(refresh)
    await revoke(refresh)
    expect(discoveries(sent)).toHaveLength(1)
    expect(others(sent)).toEqual([`${issuer}/token`, `${issuer}/token`, `${issuer}/revoke`, `${issuer}/revoke`])
  })

  it('is shared by all who ask meanwhile', async () => {
    const { promise: answered, resolve: answer } = deferred()
    const { refresh, sent } = setUp(() => answered.then(() => Response.json(metadata)))
    const all = [call(refresh), call(refresh), call(refresh)]
    answer()
    await Promise.all(all)
    expect([discoveries(sent).length, others(sent).length]).toEqual([1, 3])
  })

  it('is not remembered when it has failed, for all that have shared it', async () => {
    let down = true
    const { refresh, sent } = setUp(() => (down ? new Response('', { status: 503 }) : Response.json(metadata)))
    for (const { reason } of (await Promise.allSettled([call(refresh), call(refresh)])) as PromiseRejectedResult[])
      expect(reason).toMatchObject({
        name: 'TokenEndpointError',
        message: 'The issuer https://login.example.com answered 503 to the request for its metadata.',
        status: 503,
      })
    expect(discoveries(sent)).toHaveLength(2)
    expect(others(sent)).toEqual([])
    down = false
    await call(refresh)
    await call(refresh)
    expect(discoveries(sent)).toHaveLength(3)
    expect(others(sent)).toHaveLength(2)
  })

  it.each([
    ['503 first', [503, 404], 503],
    ['503 second', [404, 503], 503],
    ['429', [429, 404], 429],
    ['500', [500, 404], 500],
    ['404 twice', [404, 404], 404],
  ])('that is answered %s carries the status that says most', async (_how, statuses, status) => {
    const left = [...statuses]
    const { refresh } = setUp(() => new Response('', { status: left.shift() ?? 0, headers: { 'retry-after': '7' } }))
    const error = await rejection(call(refresh))
    expect(error).toMatchObject({ name: 'TokenEndpointError', status })
    if (status === 404) expect(error.message).toMatch(/could not be discovered\. Is that the issuer's exact name\?$/)
    else expect(error.retryAfter).toBe('7')
  })

  it('that is answered 503 is tried again by the session', async () => {
    let answers = 0
    const { fetch } = fakeFetch((one) => {
      if (!isDiscovery(one)) return issued()
      const busy = ++answers <= 2
      return busy ? new Response('', { status: 503, headers: { 'retry-after': '0' } }) : Response.json(metadata)
    })
    const store = memoryStore(stored)
    const session = attachOAuth(axios.create({ baseURL: 'https://api.example.com' }), store, {
      refresh: refreshToken({ issuer, clientId: 'app', fetch }),
    })
    expect((await session.refresh()).access_token).toBe('made-up-access')
  })

  it.each([
    ['text/plain', JSON.stringify(metadata)],
    ['application/json', `\uFEFF${JSON.stringify(metadata)}`],
  ])('reads metadata that are called %s or begin with a byte order mark', async (type, text) => {
    const { refresh, sent } = setUp(() => new Response(text, { headers: { 'content-type': type } }))
    await call(refresh)
    expect(others(sent)).toEqual([metadata.token_endpoint])
  })

  it('goes on for the others when the caller that began it leaves', async () => {
    const controller = new AbortController()
    let hasLeft = false
    const { refresh, sent } = setUp((one) => (hasLeft && !one.signal?.aborted ? Response.json(metadata) : noAnswer(one)))
    const leaving = rejection(call(refresh, { signal: controller.signal }))
    const staying = [call(refresh), call(refresh)]
    hasLeft = true
    controller.abort()
    expect(await leaving).toBeInstanceOf(TokenEndpointError)
    await Promise.all(staying)
    expect(others(sent)).toHaveLength(2)
    // The callers that stay share one discovery.
    expect(sent.filter((one) => isDiscovery(one) && !one.signal?.aborted)).toHaveLength(1)
  })

  describe('that hangs', () => {
    beforeEach(() => {
      jest.useFakeTimers()
    })
    afterEach(() => {
      jest.useRealTimers()
    })

    it.each<[string, (sent: Sent) => Promise<never>]>([
      ['ends with its signal', noAnswer],
      ['ignores its signal', () => new Promise(() => undefined)],
    ])(
      'fails for all callers after 10 s for each form, and the next caller starts another one, with a fetch that %s',
      async (_how, hang) => {
        let isHanging = true
        const { refresh, sent } = setUp((one) => (isHanging ? hang(one) : Response.json(metadata)))
        const failures = [rejection(call(refresh)), rejection(call(refresh))]
        await jest.advanceTimersByTimeAsync(20_000)
        for (const error of await Promise.all(failures))
          expect(error).toMatchObject({
            name: 'TokenEndpointError',
            message: 'The issuer https://login.example.com did not send its metadata within 10000 ms.',
          })
        expect(discoveries(sent)).toHaveLength(2)
        expect(sent.every(({ signal }) => signal?.aborted)).toBe(true)
        isHanging = false
        await call(refresh)
        expect([discoveries(sent).length, others(sent).length, jest.getTimerCount()]).toEqual([3, 1, 0])
      },
    )

    it('in the form of OpenID Connect is followed by the form of RFC 8414', async () => {
      const { refresh, sent } = setUp((one) => (one.url.includes('openid') ? noAnswer(one) : Response.json(metadata)))
      const refreshed = call(refresh)
      await jest.advanceTimersByTimeAsync(10_000)
      await refreshed
      expect(others(sent)).toHaveLength(1)
    })
  })

  it('tells why it could not be reached', async () => {
    const refused = Object.assign(new Error('made up'), { code: 'ECONNREFUSED' })
    const { refresh } = setUp(() => Promise.reject(new TypeError('fetch failed', { cause: refused })))
    expect(await rejection(call(refresh))).toMatchObject({ name: 'TokenEndpointError', code: 'ECONNREFUSED' })
  })

  it('trusts no metadata of another issuer', async () => {
    const { refresh, sent } = setUp(() => Response.json({ ...metadata, issuer: `${issuer}/other` }))
    expect(await rejection(call(refresh))).toBeInstanceOf(TokenEndpointError)
    expect(others(sent)).toEqual([])
  })

  it.each([
    ['name no token_endpoint', {}, "The issuer's metadata has no token_endpoint: pass tokenEndpoint instead."],
    [
      'would have tokens sent over plain http',
      { token_endpoint: 'http://login.example.com/token' },
      /token_endpoint must be https/,
    ],
    [
      'would have tokens revoked over plain http',
      { token_endpoint: metadata.token_endpoint, revocation_endpoint: 'http://login.example.com/revoke' },
      /revocation_endpoint must be https/,
    ],
    ['have no address for the token endpoint', { token_endpoint: '/token' }, /token_endpoint must be an absolute URL/],
  ])('refuses metadata that %s, and says so whatever the other form gives', async (_what, members, message) => {
    for (const form of ['openid-configuration', 'oauth-authorization-server']) {
      const { refresh, sent } = setUp(({ url }) =>
        url.includes(form) ? Response.json({ issuer, ...members }) : new Response('', { status: 404 }),
      )
      const error = await rejection(call(refresh))
      expect(error).toBeInstanceOf(TokenEndpointError)
      if (typeof message === 'string') expect(error.message).toBe(message)
      else expect(error.message).toMatch(message)
      expect(discoveries(sent)).toHaveLength(2)
      expect(others(sent)).toEqual([])
    }
  })

  it.each([
    ['on this machine', 'http://localhost:3000', {}],
    ['where it is allowed', 'http://login.example.com', { dangerouslyAllowInsecureHttp: true }],
  ])('goes over plain http %s', async (_where, plain, options) => {
    const { fetch, sent } = fakeFetch((one) =>
      isDiscovery(one) ? Response.json({ issuer: plain, token_endpoint: `${plain}/token` }) : issued(),
    )
    await call(clientCredentials({ issuer: plain, clientId: 'app', fetch, ...options }))
    expect(others(sent)).toEqual([`${plain}/token`])
  })
})
