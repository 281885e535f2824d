import type { ServerResponse } from 'node:http'
import axios from 'axios'
import { refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { refreshToken as smallRefreshToken } from '../../src/refresh-token.js'
import { deferred, rejection } from '../helpers/client.js'
import { call, fakeFetch, revoke } from '../helpers/token-endpoint.js'
import { listen } from '../helpers/world.js'

const tooLarge = (endpoint: string): string => `The ${endpoint} sent more than 1 MB; the rest of the answer was not read.`
const chunk = Buffer.alloc(64 * 1024, 'a')

/** Sends `{"access_token":"aaaa…` until the client leaves, and counts the bytes. */
function endless(response: ServerResponse, count: (bytes: number) => void): void {
  let open = true
  response.on('close', () => (open = false))
  response.write('{"access_token":"')
  const more = (): void => {
    while (open) {
      count(chunk.length)
      if (!response.write(chunk)) return void response.once('drain', more)
    }
  }
  more()
}

let sentBytes = 0
let left = deferred()
let answer: (response: ServerResponse) => void
let server: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  server = await listen((request, response) => {
    request.resume()
    response.on('close', left.resolve)
    answer(response)
  })
})
afterAll(() => server.close())
beforeEach(() => {
  sentBytes = 0
  left = deferred()
  answer = (response) => endless(response, (bytes) => (sentBytes += bytes))
})

const transports: [string, () => Partial<GrantOptions>][] = [
  ['the platform’s fetch', () => ({})],
  ['the http adapter of axios', () => ({ axios: axios.create({ adapter: 'http' }) })],
  ['the fetch adapter of axios', () => ({ axios: axios.create({ adapter: 'fetch' }) })],
]

describe.each(transports)('an answer through %s', (_name, transport) => {
  const grant = (options: Partial<GrantOptions> = {}): ReturnType<typeof refreshToken> =>
    refreshToken({ clientId: 'app', ...(options.issuer ? {} : { tokenEndpoint: server.url }), ...transport(), ...options })

  it('of a token endpoint that never ends is cut at 1 MB, and the connection is closed', async () => {
    const error = await rejection(call(grant()))
    expect(error).toMatchObject({ name: 'TokenEndpointError' })
    expect(error.message).toMatch(/^The (token endpoint|server) sent more than 1 MB; the rest of the answer was not read\.$/)
    await left.promise
    // The rest is in the buffers of both ends.
    expect(sentBytes).toBeLessThan(16_000_000)
  })

  it('with an error status that never ends is cut, too', async () => {
    answer = (response) => {
      response.statusCode = 400
      endless(response, (bytes) => (sentBytes += bytes))
    }
    expect((await rejection(call(grant()))).message).toMatch(/sent more than 1 MB/)
    await left.promise
  })

  it('of an issuer that never ends is cut', async () => {
    expect((await rejection(call(grant({ issuer: server.url })))).message).toMatch(/sent more than 1 MB/)
    await left.promise
  })

  it('of a revocation endpoint that never ends is cut when it refuses, and not read when it agrees', async () => {
    const refresh = grant({ revocationEndpoint: server.url })
    answer = (response) => {
      response.statusCode = 400
      endless(response, (bytes) => (sentBytes += bytes))
    }
    expect((await rejection(revoke(refresh))).message).toMatch(/sent more than 1 MB/)
    await left.promise
  })

  it('of just under 1 MB is read', async () => {
    const token = 'a'.repeat(999_900)
    answer = (response) => response.end(JSON.stringify({ access_token: token }))
    expect((await call(grant())).access_token).toBe(token)
  })

  it('that stops in the middle ends with the signal', async () => {
    const { promise: begun, resolve } = deferred()
    answer = (response) => response.write('{"access_token":', () => resolve())
    const controller = new AbortController()
    const leaving = rejection(call(grant(), { signal: controller.signal }))
    await begun
    controller.abort()
    expect(await leaving).toMatchObject({ name: 'TokenEndpointError' })
    await left.promise
  })
})

describe('an answer through a fetch of the caller’s own', () => {
  const refreshWith = (response: () => Response): ReturnType<typeof refreshToken> =>
    refreshToken({ tokenEndpoint: 'https://login.example.com/token', clientId: 'app', fetch: fakeFetch(response).fetch })

  it('that says it is larger than 1 MB is not read', async () => {
    let cancelled = false
    const body = new ReadableStream({ cancel: () => void (cancelled = true) })
    const refresh = refreshWith(() => new Response(body, { headers: { 'content-length': '1000001' } }))
    expect(await rejection(call(refresh))).toMatchObject({ message: tooLarge('token endpoint'), status: 200 })
    expect(cancelled).toBe(true)
  })

  it('without a stream, as in React Native, is checked when it is whole', async () => {
    const whole = (text: string) => (): Response =>
      ({ status: 200, ok: true, headers: new Headers(), text: async () => text }) as unknown as Response
    expect(await call(refreshWith(whole('{"access_token":"made-up"}')))).toEqual({ access_token: 'made-up' })
    expect(await rejection(call(refreshWith(whole('a'.repeat(1_000_001)))))).toMatchObject({
      message: tooLarge('token endpoint'),
    })
  })

  it('that goes on although the signal is aborted is left', async () => {
    const controller = new AbortController()
    let cancelled = false
    const body = new ReadableStream({
      pull: () => void queueMicrotask(() => controller.abort()),
      cancel: () => void (cancelled = true),
    })
    const refresh = refreshWith(() => new Response(body))
    expect(await rejection(call(refresh, { signal: controller.signal }))).toMatchObject({ name: 'TokenEndpointError' })
    expect(cancelled).toBe(true)
  })
})

describe('an answer to the small refreshToken', () => {
  it('that never ends is cut at 1 MB, and the connection is closed', async () => {
    const refresh = smallRefreshToken({ tokenEndpoint: server.url, clientId: 'app' })
    expect(await rejection(call(refresh))).toMatchObject({ message: 'The token endpoint sent more than 1 MB.', status: 200 })
    await left.promise
    expect(sentBytes).toBeLessThan(16_000_000)
  })
})
