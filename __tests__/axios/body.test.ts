import { Readable } from 'node:stream'
import type { InternalAxiosRequestConfig } from 'axios'
import { rejection } from '../helpers/client.js'
import { taker } from '../helpers/taker.js'

type Sent = InternalAxiosRequestConfig

/** What each sending of a request had for its body and its content type. */
async function sendings(data: unknown, config: object = {}, change?: (sent: Sent) => void): Promise<unknown[]> {
  const all: unknown[] = []
  const { api, attach } = taker((sent) => {
    all.push([sent.data, sent.headers['Content-Type']])
    change?.(sent)
    return {}
  })
  attach()
  await api.post('/x', data, config)
  return all
}

describe('a body that can be read once', () => {
  it.each<[string, unknown]>([
    ['a Node stream', Readable.from(['a'])],
    ['a stream of an old library', { pipe: () => undefined }],
    ['a web stream of a platform that can not iterate it', { getReader: () => undefined }],
    [
      'whatever can be iterated as it comes',
      new (class {
        [Symbol.asyncIterator] = (): undefined => undefined
      })(),
    ],
  ])('%s is sent once', async (_name, data) => {
    const { api, attach, sent } = taker()
    attach()
    expect(await rejection(api.post('/x', data, { transformRequest: [] }))).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE' })
    expect(sent).toEqual(['Bearer old'])
  })

  it.each([[null], [undefined], ['text'], [{ pipe: 'a member' }]])('%j is none', async (data) => {
    expect(await sendings(data, { transformRequest: [] })).toHaveLength(2)
  })
})

describe('a form of the form-data package', () => {
  const multipart = { getBuffer: () => 'bytes', getBoundary: () => 'made-up' }
  const asIs = { transformRequest: [] }
  it('is sent as the bytes that it has, under its own boundary', async () => {
    const sending = ['bytes', 'multipart/form-data; boundary=made-up']
    expect(await sendings(multipart, asIs)).toStrictEqual([sending, sending])
  })

  it.each<[string, object]>([
    ['has no boundary', { getBuffer: () => 'bytes' }],
    [
      'can not be had as bytes',
      {
        ...multipart,
        getBuffer: () => {
          throw new TypeError('it has streams')
        },
      },
    ],
  ])('one that %s is sent as it is', async (_name, form) => {
    expect((await sendings(form, asIs)).map((sending) => (sending as unknown[])[0])).toStrictEqual([form, form])
  })

  it.each(['multipart/form-data', 'multipart/form-data; charset=utf-8'])(
    'is known where a transform makes it: %s',
    async (type) => {
      const transformRequest = [() => multipart]
      const [[first]] = (await sendings({ a: 1 }, { headers: { 'Content-Type': type }, transformRequest })) as [[unknown]]
      expect(first).toBe('bytes')
    },
  )

  it.each(['multipart/form-data', 'application/json'])(
    'a transform of %s that makes nothing of the body may do so',
    async (type) => {
      const sent = await sendings({ a: 1 }, { headers: { 'Content-Type': type }, transformRequest: [() => undefined] })
      expect(sent.map((sending) => (sending as unknown[])[0])).toStrictEqual([undefined, undefined])
    },
  )
})

describe('the boundary of a FormData', () => {
  async function types(adapterName: string, headers: object = {}): Promise<unknown[]> {
    const { api, attach } = taker((config) => (seen.push(config.headers['Content-Type']), {}))
    const seen: unknown[] = []
    Object.assign(api.defaults.adapter as object, { adapterName })
    attach()
    const form = new FormData()
    form.append('a', 'b')
    await api.post('/x', form, { headers, transformRequest: [(data: unknown) => data] })
    return seen
  }

  it('is drawn once for both sendings, of letters that the http adapter takes', async () => {
    const [first, second] = await types('http')
    expect(first).toMatch(/^multipart\/form-data; boundary=form-data-[a-z\d]+-[a-z\d]+$/)
    expect(second).toBe(first)
  })

  it('is the caller’s where there is one', async () => {
    const type = 'multipart/form-data; boundary=mine'
    expect(await types('http', { 'Content-Type': type })).toStrictEqual([type, type])
  })

  it('is left to other adapters', async () => {
    expect((await types('fetch')).join()).not.toContain('boundary')
  })
})

describe('a body factory', () => {
  it('makes a stream for each sending, whose length is counted anew', async () => {
    let made = 0
    const lengths: unknown[] = []
    const body = (): unknown => (made++, Readable.from(['a']))
    await sendings(undefined, { oauth: { body } }, ({ headers }) => {
      lengths.push(headers['Content-Length'])
      headers['Content-Length'] = '1'
    })
    expect([made, lengths]).toStrictEqual([2, [undefined, undefined]])
  })

  it('that makes what can be sent twice is asked once, and its body is serialized once', async () => {
    let made = 0
    const sending = ['{"a":1}', 'application/json']
    expect(await sendings(undefined, { oauth: { body: () => (made++, { a: 1 }) } })).toStrictEqual([sending, sending])
    expect(made).toBe(1)
  })
})
