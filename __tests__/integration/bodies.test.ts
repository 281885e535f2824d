import { Readable } from 'node:stream'
import axios, { type AxiosError, type AxiosRequestConfig } from 'axios'
import { json, startWorld, type World } from '../helpers/world.js'
import { attach, rejection } from '../helpers/client.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
  world.revokeAccessTokens()
})
afterEach(() => world.close())

const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256)

function form(): FormData {
  const data = new FormData()
  data.append('name', 'Ada')
  data.append('file', new File(['some text'], 'a.txt', { type: 'text/plain' }))
  return data
}

type Send = (api: ReturnType<typeof axios.create>) => Promise<unknown>
const bodies: [string, Send][] = [
  ['no body', (api) => api.delete('/b')],
  ['a string', (api) => api.post('/b', 'plain ä text', { headers: { 'Content-Type': 'text/plain' } })],
  ['JSON', (api) => api.post('/b', { a: 1, b: ['ä', null] })],
  ['a JSON string', (api) => api.put('/b', '{"a":1}', { headers: { 'Content-Type': 'application/json' } })],
  ['URLSearchParams', (api) => api.post('/b', new URLSearchParams({ q: 'a b&c', z: 'ä' }))],
  ['a Buffer', (api) => api.post('/b', Buffer.from(bytes), { headers: { 'Content-Type': 'application/octet-stream' } })],
  ['a typed array', (api) => api.post('/b', bytes.slice(), { headers: { 'Content-Type': 'application/octet-stream' } })],
  ['an ArrayBuffer', (api) => api.post('/b', bytes.slice().buffer, { headers: { 'Content-Type': 'application/octet-stream' } })],
  ['a Blob', (api) => api.post('/b', new Blob(['blob text'], { type: 'text/plain' }))],
  ['a File', (api) => api.patch('/b', new File(['file text'], 'f.txt', { type: 'text/plain' }))],
  ['a global FormData', (api) => api.post('/b', form())],
  ['an object given to postForm', (api) => api.postForm('/b', { name: 'Ada', list: [1, 2], nested: { a: 'b' } })],
]

/** The platform's fetch draws the boundary of a multipart body for each sending; everything else is the same. */
function withoutBoundary(body: Buffer): string {
  const text = body.toString('latin1')
  const boundary = /^--(\S+)\r\n/.exec(text)?.[1]
  return boundary ? text.replaceAll(boundary, '') : text
}

describe.each(['http', 'fetch'] as const)('with the %s adapter', (adapter) => {
  // The http adapter of the oldest release takes a Blob and refuses a File.
  const sendable = bodies.filter(([name]) => name !== 'a File' || adapter === 'fetch' || axios.VERSION !== '1.7.0')

  it.each(sendable)('%s arrives twice with the same bytes and the same content type', async (_name, send) => {
    const { api } = attach(world, { defaults: { adapter } })
    await send(api)
    expect(world.seen.map(({ status }) => status)).toEqual([401, 200])
    const [first, second] = world.seen
    expect(second!.method).toBe(first!.method)
    expect(second!.contentType).toBe(first!.contentType)
    const boundary = /boundary=(\S+)/.exec(second!.contentType ?? '')?.[1]
    if (adapter === 'http') expect(second!.body.toString('latin1').startsWith(`--${boundary ?? ''}`)).toBe(boundary !== undefined)
    if (adapter === 'http') expect(second!.sha256).toBe(first!.sha256)
    else expect(withoutBoundary(second!.body)).toBe(withoutBoundary(first!.body))
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0 })
  })

  it('a multipart body holds what was given', async () => {
    const { api } = attach(world, { defaults: { adapter } })
    await api.post('/b', form())
    expect(world.seen[1]!.body.toString()).toMatch(/name="name"[\s\S]*Ada[\s\S]*filename="a.txt"[\s\S]*some text/)
  })

  it('a body factory makes the body of each sending', async () => {
    const { api } = attach(world, { defaults: { adapter } })
    const body = (): unknown => (adapter === 'http' ? Readable.from(['one ', 'two']) : new Blob(['one two']).stream())
    const headers = { 'Content-Type': 'text/plain' }
    await api.post('/b', undefined, { headers, oauth: { body } })
    expect(world.seen.map(({ status, body }) => [status, body.toString()])).toEqual([
      [401, 'one two'],
      [200, 'one two'],
    ])
  })
})

const streams: [string, 'http' | 'fetch', () => unknown][] = [
  ['a Node stream', 'http', () => Readable.from(['some ', 'bytes'])],
  ['a web stream', 'fetch', () => new Blob(['some bytes']).stream()],
]

describe('a body that can be sent only once', () => {
  it.each(streams)(
    '%s gives the typed error with the 401, is sent once, and the session is refreshed for the next call',
    async (_name, adapter, make) => {
      const { api } = attach(world, { defaults: { adapter } })
      const error = await rejection(api.post('/b', make(), { headers: { 'Content-Type': 'text/plain' } }))
      expect(error).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE', isAxiosError: true, response: { status: 401 } })
      expect(world.seen.map(({ body }) => body.toString())).toEqual(['some bytes'])
      await api.get('/next')
      expect(world.seen.map(({ status }) => status)).toEqual([401, 200])
      expect(world.counts.refreshGrants).toBe(1)
    },
  )

  it('a multipart form with a stream in it gives the typed error too', async () => {
    const { api, session } = attach(world)
    const data = { name: 'Ada', file: Readable.from(['some bytes']) }
    const error = await rejection(api.postForm('/b', data))
    expect(error).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE', response: { status: 401 } })
    expect(world.seen).toHaveLength(1)
    await session.refresh()
  })
})

describe.each(['http', 'fetch'] as const)('a FormData is sent as plain axios sends it, with the %s adapter', (adapter) => {
  const json = { 'Content-Type': 'application/json' }
  const text = (data: unknown): Record<string, unknown> => Object.fromEntries((data as FormData).entries())
  const named = (): FormData => {
    const data = new FormData()
    data.append('name', 'Ada')
    return data
  }
  const plain = { 'Content-Type': 'text/plain' }

  it.each<[string, AxiosRequestConfig]>([
    ['by default', {}],
    ['with the content type application/json', { headers: json }],
    ['with the content type text/plain', { headers: plain }],
    ['with a boundary of the caller', { headers: { 'Content-Type': 'multipart/form-data; boundary=of-the-caller' } }],
    [
      'when a transform makes JSON of it',
      { transformRequest: (data, headers) => (headers.set(json), JSON.stringify(text(data))) },
    ],
    [
      'when a transform makes a URL-encoded form of it',
      { transformRequest: (data) => `${new URLSearchParams(text(data) as never)}` },
    ],
    ['when a transform makes a form of it again', { transformRequest: [text, () => named()] as never }],
  ])('%s', async (_how, config) => {
    const { api } = attach(world, { defaults: { adapter } })
    await api.post('/b', named(), config)
    await axios.post(`${world.api}/b`, named(), { ...config, adapter, validateStatus: null })
    const [refused, resent, usual] = world.seen.map(({ contentType = '', body }) => [
      contentType.replace(/(?<=boundary=).*/, ''),
      withoutBoundary(body),
    ])
    expect([refused, resent]).toEqual([usual, usual])
  })
})

describe('a re-send', () => {
  it('sends the same method, URL, params and headers, and no transform or serializer runs twice', async () => {
    const { api } = attach(world)
    const calls = { request: 0, params: 0, response: 0 }
    const config = {
      params: { q: 'a b' },
      headers: { 'X-Custom': 'kept' },
      paramsSerializer: { serialize: () => `n=${++calls.params}` },
      transformRequest: [(data: unknown) => (calls.request++, JSON.stringify({ wrapped: data }))],
      transformResponse: [(data: string) => (calls.response++, { parsed: JSON.parse(data) as unknown })],
    }
    const response = await api.post('/b', { a: 1 }, config)
    const [first, second] = world.seen.map(({ method, url, headers, sha256 }) => ({
      method,
      url,
      sha256,
      headers: { ...headers, authorization: headers.authorization?.slice(0, 10) },
    }))
    expect(first).toMatchObject({ method: 'POST', url: '/b?n=1', headers: { 'x-custom': 'kept', authorization: 'Bearer at-' } })
    expect(second).toEqual(first)
    expect(world.seen.map(({ body }) => body.toString())).toEqual(['{"wrapped":{"a":1}}', '{"wrapped":{"a":1}}'])
    expect([calls.request, calls.params]).toEqual([1, 1])
    // One for each answer that was received.
    expect(calls.response).toBe(2)
    expect(response.data).toMatchObject({ parsed: { length: 19 } })
  })

  it('serializes the parameters again for a config that comes back', async () => {
    const { api } = attach(world)
    let n = 0
    const { config } = await api.get('/b', { params: { q: 1 }, paramsSerializer: { serialize: () => `n=${++n}` } })
    world.revokeAccessTokens()
    await api.request(config)
    expect(world.seen.map(({ url, status }) => [url, status])).toEqual([
      ['/b?n=1', 401],
      ['/b?n=1', 200],
      ['/b?n=2', 401],
      ['/b?n=2', 200],
    ])
  })

  it('leaves the config object of the caller as it was', async () => {
    const { api } = attach(world)
    const config = { headers: { 'X-Custom': 'kept' }, params: { q: 1 } }
    const before = structuredClone(config)
    await api.post('/b', { a: 1 }, config)
    expect(config).toEqual(before)
  })

  it('recovers with validateStatus that accepts everything, and gives the second answer', async () => {
    const { api } = attach(world)
    const response = await api.get('/b', { validateStatus: () => true })
    expect(response.status).toBe(200)
    expect(world.seen).toHaveLength(2)
  })

  it('recovers a request for a stream, and destroys the stream of the first answer', async () => {
    const { api } = attach(world)
    const response = await api.get<Readable>('/b', { responseType: 'stream' })
    let text = ''
    for await (const chunk of response.data) text += String(chunk)
    expect(JSON.parse(text)).toMatchObject({ url: '/b' })
  })

  it('gives a second 401 to the caller, with its own body', async () => {
    for (const answer of ['first', 'second'])
      world.resource.faults.once({ instead: json(401, { answer }, { 'x-answer': answer }) })
    const { api } = attach(world)
    const error = await rejection<AxiosError>(api.get('/b'))
    expect(error).toMatchObject({ response: { status: 401, data: { answer: 'second' } } })
    expect(error.response!.headers['x-answer']).toBe('second')
    expect(error.code).toBe('ERR_BAD_REQUEST')
    expect(world.seen).toHaveLength(2)
  })
})
