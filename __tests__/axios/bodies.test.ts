import { Readable } from 'node:stream'
import { AxiosHeaders, type AxiosAdapter, type InternalAxiosRequestConfig } from 'axios'
import { serializeBody } from '../../src/axios/body.js'
import { rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'
import { refusing, wired, type Wire } from '../helpers/wired.js'

describe('a body that can be sent only once is recognized', () => {
  it.each([
    ['by pipe', { pipe: () => undefined }],
    ['by getReader', { getReader: () => undefined }],
    ['by being asynchronously iterable', (async function* () {})()],
  ])('%s', async (_name, body) => {
    const { api, sent, refreshes } = wired()
    expect(await rejection(api.post('/x', body, { transformRequest: [] }))).toMatchObject({
      code: 'OAUTH_NOT_REPLAYABLE',
      message: expect.stringContaining('oauth: { body: () => stream }'),
      response: { status: 401 },
    })
    await settle()
    expect([sent.length, refreshes()]).toEqual([1, 1])
  })

  it.each([
    ['null', null],
    ['an object with a pipe that is no function', { pipe: 'water' }],
    ['an object with a reader that is no function', { getReader: 'library' }],
  ])('and nothing else: %s', async (_name, body) => {
    const { api, sent } = wired()
    expect((await api.post('/x', body, { transformRequest: [] })).status).toBe(200)
    expect(sent.map(({ data }) => data)).toEqual([body, body])
  })
})

/** Sets the length, as the http adapter does. */
const measuring: Wire = (config, sending) => {
  expect(config.headers.has('Content-Length')).toBe(false)
  config.headers.set('Content-Length', 4)
  return refusing(config, sending)
}

describe('a body factory', () => {
  it('is called once for each sending of a stream, and its length is counted each time', async () => {
    const made: Readable[] = []
    const body = (): Readable => (made.push(Readable.from(['some'])), made.at(-1)!)
    const { api, sent } = wired({ wire: measuring })
    await api.post('/x', undefined, { oauth: { body } })
    expect(sent.map(({ data }) => data)).toEqual(made)
    expect(made).toHaveLength(2)
  })

  it('is called once for what can be sent twice: the serialized body', async () => {
    let calls = 0
    const { api, sent } = wired()
    await api.post('/x', undefined, { oauth: { body: () => ({ call: ++calls }) } })
    expect(sent.map(({ data }) => data)).toEqual(['{"call":1}', '{"call":1}'])
  })

  it('may make no body', async () => {
    const { api, sent } = wired()
    await api.post('/x', 'text', { oauth: { body: () => undefined } })
    expect(sent.map(({ data }) => data)).toEqual([undefined, undefined])
  })

  it('is not wanted where oauth says something else', async () => {
    const { api, session, sent } = wired()
    for (const oauth of [{}, session, { session }]) await api.post('/x', 'text', { oauth })
    expect(sent.map(({ data }) => data)).toEqual(Array(4).fill('text'))
  })
})

/** A stream, as axios makes it of a multipart form in Node. */
function formStream(getBuffer: () => Uint8Array): object {
  return Object.assign(Readable.from(['made up']), { getBuffer, getBoundary: () => 'b', getHeaders: () => ({}) })
}

describe('a body of bytes that waits for a token', () => {
  const expired = { access_token: 'old', refresh_token: 'r', expires_at: 1 }

  it('goes through each transform once', async () => {
    let calls = 0
    const { api } = wired({ tokens: expired })
    await api.post('/x', new Uint8Array([1, 2]).buffer, { transformRequest: [(data) => (calls++, data)] })
    expect(calls).toBe(1)
  })

  it('is copied without the memory that a Buffer shares with others', async () => {
    const { api, sent } = wired({ tokens: expired })
    await api.post('/x', Buffer.from('made up'))
    const data = sent[0]!.data as Buffer
    expect([data.toString(), data.buffer.byteLength]).toEqual(['made up', 7])
  })
})

describe('a multipart form of Node', () => {
  const bytes = Buffer.from('--b made up')

  it.each([
    ['that is given', formStream(() => bytes), {}],
    ['that a transform makes', { name: 'Ada' }, { transformRequest: [() => formStream(() => bytes)] }],
  ])('%s is sent twice as the bytes that it is', async (_name, data, options) => {
    const { api, sent } = wired()
    await api.post('/x', data, { headers: { 'Content-Type': 'multipart/form-data; charset=utf-8' }, ...options })
    const sending = expect.objectContaining({ data: bytes, contentType: 'multipart/form-data; boundary=b' })
    expect(sent).toEqual([sending, sending])
  })

  it('is known by its methods, whatever the content type', async () => {
    const { api, sent } = wired()
    await api.post(
      '/x',
      formStream(() => bytes),
    )
    expect(sent.map(({ data }) => data)).toEqual([bytes, bytes])
  })

  it('with a stream in it is sent once, as it is', async () => {
    const form = formStream(() => {
      throw new Error('it has a stream in it')
    })
    const { api, sent } = wired()
    expect(await rejection(api.post('/x', form))).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE' })
    expect(sent.map(({ data }) => data)).toEqual([form])
  })

  it.each([
    ['no body', undefined],
    ['what has no boundary', { getBuffer: () => bytes }],
    ['what has no bytes', { getBoundary: () => 'b' }],
  ])('is not %s', async (_name, made) => {
    const { api, sent } = wired()
    const headers = { 'Content-Type': 'multipart/form-data' }
    await api.post('/x', { name: 'Ada' }, { headers, transformRequest: [() => made] })
    expect(sent.map(({ data }) => data)).toEqual([made, made])
  })

  it('is not looked for in an object that is sent as JSON: its transforms stay as they are', async () => {
    const { api } = wired()
    for (const data of [{ a: 1 }, 'text', undefined])
      expect((await api.post('/x', data)).config.transformRequest).toEqual(api.defaults.transformRequest)
  })

  it('costs a config that comes back nothing more', async () => {
    const { api } = wired()
    let { config } = await api.postForm('/x', { name: 'Ada' })
    const transforms = [config.transformRequest].flat().length
    for (let i = 0; i < 3; i++) ({ config } = await api.request(config))
    expect([config.transformRequest].flat()).toHaveLength(transforms)
  })
})

it('a FormData that can not be read, as in React Native, is sent as it is', async () => {
  const form = Object.assign(new FormData(), { forEach: undefined })
  const { api, sent } = wired()
  await api.post('/x', form)
  expect(sent.map(({ data }) => data === form)).toEqual([true, true])
})

describe('the boundary of a FormData', () => {
  /** Like axios' own adapter for Node, which looks for a boundary in the content type. */
  async function boundaries(adapterName: string | undefined, contentType?: string): Promise<unknown[]> {
    const { api, sent } = wired({
      before: ({ defaults }) => Object.assign(defaults.adapter as AxiosAdapter, { adapterName }),
    })
    const headers = contentType ? { 'Content-Type': contentType } : {}
    await api.post('/x', new FormData(), { headers })
    return sent.map((sending) => /boundary=([-\w]{10,70})$/.exec(String(sending.contentType))?.[1])
  }

  it('is drawn once for both sendings of the http adapter, and again for the next request', async () => {
    const [first, second] = await boundaries('http')
    expect(first).toEqual(expect.any(String))
    expect(second).toBe(first)
    expect(await boundaries('http')).not.toContain(first)
  })

  it('is the caller’s, where there is one', async () => {
    expect(await boundaries('http', 'multipart/form-data; boundary=of-the-caller')).toEqual(Array(2).fill('of-the-caller'))
  })

  it.each(['fetch', undefined])('is left to the platform by other adapters: %s', async (adapterName) => {
    expect(await boundaries(adapterName)).toStrictEqual([undefined, undefined])
  })
})

describe('bytes and forms that the caller changes after the first sending are sent as they were', () => {
  const headers = { 'Content-Type': 'application/octet-stream' }
  const filled = (): Uint8Array => new Uint8Array([1, 2, 3, 4])
  const memory = (data: unknown): number[] => [...new Uint8Array(data as ArrayBuffer)]

  it.each<[string, () => { body: unknown; bytes: Uint8Array }, (data: unknown) => number[], number[]]>([
    [
      'a Buffer',
      () => {
        const body = Buffer.from([1, 2, 3, 4])
        return { body, bytes: body }
      },
      (data) => [...(data as Buffer)],
      [1, 2, 3, 4],
    ],
    [
      'a part of a Buffer',
      () => {
        const bytes = Buffer.from([1, 2, 3, 4])
        return { body: bytes.subarray(1, 3), bytes }
      },
      (data) => [...(data as Buffer)],
      [2, 3],
    ],
    [
      'an ArrayBuffer',
      () => {
        const bytes = filled()
        return { body: bytes.buffer, bytes }
      },
      memory,
      [1, 2, 3, 4],
    ],
    [
      'a typed array',
      () => {
        const bytes = filled()
        return { body: bytes, bytes }
      },
      memory,
      [1, 2, 3, 4],
    ],
    // axios sends the whole memory behind a view.
    [
      'a part of a typed array',
      () => {
        const bytes = filled()
        return { body: bytes.subarray(1, 3), bytes }
      },
      memory,
      [1, 2, 3, 4],
    ],
    [
      'a DataView',
      () => {
        const bytes = filled()
        return { body: new DataView(bytes.buffer, 1, 2), bytes }
      },
      memory,
      [1, 2, 3, 4],
    ],
    [
      'numbers of two bytes',
      () => {
        const bytes = filled()
        return { body: new Uint16Array(bytes.buffer), bytes }
      },
      memory,
      [1, 2, 3, 4],
    ],
  ])('%s', async (_name, make, read, expected) => {
    const { body, bytes } = make()
    const seen: number[][] = []
    const wire: Wire = (config, sending) => {
      seen.push(read(config.data))
      bytes.fill(9)
      return refusing(config, sending)
    }
    const { api } = wired({ wire })
    await api.post('/x', body, { headers })
    expect(seen).toEqual([expected, expected])
  })

  it('a FormData', async () => {
    const form = new FormData()
    form.append('a', '1')
    form.append('file', new File(['text'], 'a.txt', { type: 'text/plain' }))
    const seen: unknown[] = []
    const wire: Wire = (config, sending) => {
      const data = config.data as FormData
      seen.push([...data.keys(), (data.get('file') as File).name, (data.get('file') as File).type])
      form.append('late', '1')
      return refusing(config, sending)
    }
    const { api } = wired({ wire })
    await api.post('/x', form)
    expect(seen).toEqual(Array(2).fill(['a', 'file', 'a.txt', 'text/plain']))
  })
})

describe('a body that is serialized before the request waits', () => {
  const prepared = (config: object): InternalAxiosRequestConfig => {
    const full = { headers: new AxiosHeaders(), ...config } as InternalAxiosRequestConfig
    serializeBody(full)
    return full
  }
  /** As axios' dispatchRequest does it. */
  const dispatch = (config: InternalAxiosRequestConfig): unknown => {
    for (const transform of [config.transformRequest ?? []].flat())
      config.data = transform.call(config, config.data, config.headers) as unknown
    return config.data as unknown
  }
  const json = (data: unknown, headers: AxiosHeaders): string => (
    headers.setContentType('application/json'),
    JSON.stringify(data)
  )

  it('is what it was, however the caller changes it, and each transform runs once', () => {
    const data = { a: 1 }
    let runs = 0
    const count = (value: unknown): unknown => (runs++, value)
    const config = prepared({ data, transformRequest: [count, json] })
    data.a = 2
    expect([dispatch(config), runs, config.headers.getContentType()]).toEqual(['{"a":1}', 1, 'application/json'])
  })

  it('gives a config that comes back its own transforms again', () => {
    const transformRequest = [json]
    const config = prepared({ data: { a: 1 }, transformRequest })
    dispatch(config)
    expect(config.transformRequest).toBe(transformRequest)
  })

  it('is serialized again when an interceptor has replaced it', () => {
    const config = prepared({ data: { a: 1 }, transformRequest: json })
    config.data = { b: 2 }
    expect(dispatch(config)).toBe('{"b":2}')
  })

  it.each([
    ['text', 'text'],
    ['nothing', undefined],
    ['a stream', Readable.from(['some'])],
  ])('is left to axios when it is %s', (_name, data) => {
    const transformRequest = [json]
    expect(prepared({ data, transformRequest }).transformRequest).toBe(transformRequest)
  })
})
