import axios from 'axios'
import type { Browser, Page } from 'playwright-core'
import { launchChromium, startSite, type Site } from '../../scripts/browser/index.mjs'
import { sendJSON, startCorsServer, type CorsServer, type TestTokens } from '../helpers/browser/cors-server.js'
import { tally } from '../helpers/browser/tabs.js'
import '../helpers/browser/xhr-page.js'

let browser: Browser
let site: Site
let server: CorsServer
let other: CorsServer
let page: Page
let tokens: TestTokens

beforeAll(async () => {
  const bundled = axios.VERSION === '1.7.0' ? 'axios-1.7.0' : 'axios'
  const starting = [launchChromium(), startSite({ axios: bundled, entry: 'xhr-page.ts' }), startCorsServer(), startCorsServer()]
  ;[browser, site, server, other] = (await Promise.all(starting)) as [Browser, Site, CorsServer, CorsServer]
}, 60_000)
afterAll(async () => {
  await browser.close()
  await Promise.all([site.stop(), server.close(), other.close()])
})
beforeEach(async () => {
  server.reset()
  other.reset()
  tokens = server.mint()
  page = await (await browser.newContext()).newPage()
  await page.goto(site.url())
})
afterEach(async () => {
  // The other origin never receives a token, whatever the test does.
  expect(JSON.stringify(other.log.map(({ url, headers }) => [url, headers]))).not.toContain('at-')
  await page.context().close()
})

type Setup = Parameters<typeof lab.attach>[0]
const attach = (setup: Partial<Setup> = {}): Promise<void> =>
  page.evaluate((setup) => lab.attach(setup), { url: server.url, tokens: { ...tokens }, ...setup })
const statuses = (): number[] => server.log.map(({ status }) => status)

describe('with the xhr adapter in a browser, one refresh serves many requests', () => {
  it.each([
    ['a memory store', {}],
    ['a web store', { storage: 'localStorage' as const }],
  ])('a hundred 401s lead to one refresh, and each request gets its own response (%s)', async (_name, setup) => {
    server.revokeAccessTokens()
    await attach(setup)
    const outcomes = await page.evaluate(() => lab.many(100))
    expect(tally(outcomes)).toEqual({ 200: 100 })
    outcomes.forEach(({ data }, i) => expect(data).toMatchObject({ url: `/items/${i}` }))
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
    expect([server.log.length, statuses().filter((status) => status === 200).length]).toEqual([200, 100])
  })

  it('an expiry that is known leads to one refresh, and no request is sent twice', async () => {
    await attach({ tokens: { ...tokens, expires_in: undefined, expires_at: Math.floor(Date.now() / 1000) - 10 } })
    expect(tally(await page.evaluate(() => lab.many(100)))).toEqual({ 200: 100 })
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
    expect(statuses()).toEqual(Array.from({ length: 100 }, () => 200))
  })

  it('a second 401 is the answer, with its own headers and body', async () => {
    let answers = 0
    server.on('/me', (_request, response) => sendJSON(response, 401, { answer: ++answers }, { 'x-answer': String(answers) }))
    await attach()
    expect(await page.evaluate(() => lab.send({ url: '/me' }))).toMatchObject({
      status: 401,
      code: 'ERR_BAD_REQUEST',
      data: { answer: 2 },
    })
    expect([answers, server.refreshes().grants]).toEqual([2, 1])
  })

  it('a request is recovered although validateStatus accepts every status', async () => {
    server.revokeAccessTokens()
    await attach()
    const outcome = await page.evaluate(() => lab.outcome(lab.api.get('/me', { validateStatus: () => true })))
    expect([outcome.status, statuses()]).toEqual([200, [401, 200]])
  })

  it('a connection that breaks during the re-send is a network error, and the request is not sent a third time', async () => {
    server.on('/me', (_request, response, next) => {
      if (server.log.length === 1) next()
      else response.destroy()
    })
    server.revokeAccessTokens()
    await attach()
    let sent = 0
    // Chromium repeats a send by itself when a connection that it reuses breaks, and does not report that.
    page.on('request', (request) => void (request.url().endsWith('/me') && request.method() === 'POST' && sent++))
    expect(await page.evaluate(() => lab.send({ url: '/me', method: 'post', data: { a: 1 } }))).toMatchObject({
      code: 'ERR_NETWORK',
    })
    expect([sent, server.refreshes()]).toEqual([2, { grants: 1, reused: 0 }])
  })
})

describe('with the xhr adapter in a browser, the second send has the bytes of the first', () => {
  const bytes = Array.from({ length: 300 }, (_, i) => i % 256)

  /** Browsers choose a new boundary for each send of a multipart body. */
  function withoutBoundary(text: string): string {
    const boundary = /(?:boundary=|^--)([^\s;]+)/.exec(text)?.[1]
    return boundary ? text.replaceAll(boundary, '') : text
  }

  const bodies: [string, (bytes: number[]) => unknown][] = [
    ['no body', () => lab.send({ method: 'delete', url: '/b' })],
    ['a string', () => lab.send({ method: 'post', url: '/b', data: 'plain ä text', headers: { 'Content-Type': 'text/plain' } })],
    ['JSON', () => lab.send({ method: 'post', url: '/b', data: { a: 1, b: ['ä', null] } })],
    ['URLSearchParams', () => lab.send({ method: 'put', url: '/b', data: new URLSearchParams({ q: 'a b&c', z: 'ä' }) })],
    ['a typed array', (bytes) => lab.send({ method: 'post', url: '/b', data: new Uint8Array(bytes) })],
    ['an ArrayBuffer', (bytes) => lab.send({ method: 'post', url: '/b', data: new Uint8Array(bytes).buffer })],
    ['a Blob', () => lab.send({ method: 'patch', url: '/b', data: new Blob(['blob text'], { type: 'text/plain' }) })],
    ['a File', () => lab.send({ method: 'post', url: '/b', data: new File(['file text'], 'f.txt', { type: 'text/plain' }) })],
    [
      'a FormData with a file',
      (bytes) => {
        const data = new FormData()
        data.append('name', 'Ada')
        data.append('file', new File([new Uint8Array(bytes)], 'a.bin'))
        return lab.send({ method: 'post', url: '/b', data })
      },
    ],
    ['an object given to postForm', () => lab.outcome(lab.api.postForm('/b', { name: 'Ada', list: [1, 2], nested: { a: 'b' } }))],
    [
      'a body factory',
      () => lab.outcome(lab.api.post('/b', undefined, { oauth: { body: () => new Blob(['one two'], { type: 'text/plain' }) } })),
    ],
  ]

  it.each(bodies)('%s', async (_name, send) => {
    server.revokeAccessTokens()
    await attach()
    expect(await page.evaluate(send, bytes)).toMatchObject({ status: 200 })
    expect(statuses()).toEqual([401, 200])
    const [first, second] = server.log.map(({ method, headers, body }) => ({
      method,
      contentType: withoutBoundary(headers['content-type'] ?? ''),
      body: withoutBoundary(body.toString('latin1')),
    }))
    expect(second).toEqual(first)
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
  })

  it('method, URL, parameters and headers are the same, and no transform runs twice', async () => {
    server.revokeAccessTokens()
    await attach()
    const calls = await page.evaluate(async () => {
      const calls = { request: 0, params: 0, interceptor: 0 }
      lab.api.interceptors.request.use((config) => (calls.interceptor++, config))
      await lab.api.put(
        '/b',
        { a: 1 },
        {
          params: { q: 'a b' },
          headers: { 'X-Custom': 'kept' },
          paramsSerializer: { serialize: () => `n=${++calls.params}` },
          transformRequest: [(data: unknown) => (calls.request++, JSON.stringify({ wrapped: data }))],
        },
      )
      return calls
    })
    expect(calls).toEqual({ request: 1, params: 1, interceptor: 1 })
    const [first, second] = server.log.map(({ method, url, headers, body }) => {
      const { authorization, ...rest } = headers
      return { method, url, rest, scheme: authorization?.split(' ')[0], body: String(body) }
    })
    expect(first).toMatchObject({
      method: 'PUT',
      url: '/b?n=1',
      scheme: 'Bearer',
      rest: { 'x-custom': 'kept' },
      body: '{"wrapped":{"a":1}}',
    })
    expect(second).toEqual(first)
  })
})

describe('with the xhr adapter in a browser, a caller that leaves does not disturb the others', () => {
  /** Holds the token endpoint until the result is called; `started` resolves when the token request has arrived. */
  function holdTokenEndpoint(): { started: Promise<void>; release: () => void } {
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const started = new Promise<void>((resolve) => {
      server.on('/token', async (_request, _response, next) => {
        resolve()
        await released
        next()
      })
    })
    return { started, release }
  }

  it('an aborted request that waits for the refresh rejects, and the refresh finishes for the others', async () => {
    server.revokeAccessTokens()
    const held = holdTokenEndpoint()
    await attach()
    await page.evaluate(() => {
      const abort = new AbortController()
      Object.assign(lab, {
        abort,
        first: lab.send({ url: '/first', signal: abort.signal }),
        second: lab.send({ url: '/second' }),
      })
    })
    await held.started
    const aborted = await page.evaluate(() => {
      const { abort, first } = lab as unknown as { abort: AbortController; first: ReturnType<typeof lab.send> }
      abort.abort()
      return first
    })
    expect(aborted).toMatchObject({ code: 'ERR_CANCELED', isCancel: true })
    held.release()
    expect(await page.evaluate(() => (lab as unknown as { second: ReturnType<typeof lab.send> }).second)).toMatchObject({
      status: 200,
    })
    expect(await page.evaluate(() => lab.send({ url: '/third' }))).toMatchObject({ status: 200 })
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
    expect(server.log.filter(({ url }) => url === '/first')).toHaveLength(1)
  })

  it('an abort during the re-send cancels the re-send', async () => {
    server.revokeAccessTokens()
    let arrived!: () => void
    const resent = new Promise<void>((resolve) => (arrived = resolve))
    server.on('/slow', (_request, _response, next) => (server.log.length === 1 ? next() : arrived()))
    await attach()
    await page.evaluate(() => {
      const abort = new AbortController()
      Object.assign(lab, { abort, slow: lab.send({ url: '/slow', signal: abort.signal }) })
    })
    await resent
    const outcome = await page.evaluate(() => {
      const { abort, slow } = lab as unknown as { abort: AbortController; slow: ReturnType<typeof lab.send> }
      abort.abort()
      return slow
    })
    expect(outcome).toMatchObject({ code: 'ERR_CANCELED', isCancel: true })
  })

  it('the timeout of a request covers its waiting for the refresh, which finishes', async () => {
    server.revokeAccessTokens()
    const held = holdTokenEndpoint()
    await attach()
    const outcome = await page.evaluate(() => lab.send({ url: '/impatient', timeout: 300 }))
    expect(outcome).toMatchObject({ code: 'ECONNABORTED' })
    await held.started
    held.release()
    expect(await page.evaluate(() => lab.send({ url: '/next' }))).toMatchObject({ status: 200 })
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
  })

  it('the timeout of a re-sent request ends a response that does not come', async () => {
    server.revokeAccessTokens()
    server.on('/slow', (_request, _response, next) => void (server.log.length === 1 && next()))
    await attach()
    expect(await page.evaluate(() => lab.send({ url: '/slow', timeout: 500 }))).toMatchObject({ code: 'ECONNABORTED' })
  })

  it('a sign-out rejects the requests that wait, and none is sent again', async () => {
    server.revokeAccessTokens()
    const held = holdTokenEndpoint()
    await attach()
    await page.evaluate(() => void Object.assign(lab, { waiting: lab.many(3) }))
    await held.started
    const outcomes = await page.evaluate(async () => {
      await lab.session.signOut()
      return (lab as unknown as { waiting: ReturnType<typeof lab.many> }).waiting
    })
    held.release()
    expect(tally(outcomes)).toEqual({ OAUTH_SIGNED_OUT: 3 })
    expect(server.log).toHaveLength(3)
  })
})

/** axios 1.7.0 reports three progress events a second and may drop the last one. */
const reportsLast = axios.VERSION !== '1.7.0'

describe('with the xhr adapter in a browser, progress and binary responses survive the recovery', () => {
  it('an upload reports its progress to the end, and all bytes arrive with the second send', async () => {
    server.revokeAccessTokens()
    await attach()
    const { outcome, events } = await page.evaluate(async () => {
      const events: { loaded: number; total: number | undefined }[] = []
      const data = new Blob([new Uint8Array(2 ** 20)])
      const onUploadProgress = ({ loaded, total }: { loaded: number; total?: number }): void =>
        void events.push({ loaded, total })
      return { outcome: await lab.send({ method: 'post', url: '/upload', data, onUploadProgress }), events }
    })
    expect(outcome).toMatchObject({ status: 200, data: { length: 2 ** 20 } })
    expect(events.at(-1)).toEqual({ loaded: reportsLast ? 2 ** 20 : expect.any(Number), total: 2 ** 20 })
    expect(server.log.map(({ status, body }) => [status, body.length])).toEqual([
      [401, 2 ** 20],
      [200, 2 ** 20],
    ])
  })

  it.each(['blob', 'arraybuffer'] as const)(
    'a response of type %s arrives whole, with its download progress',
    async (responseType) => {
      const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256))
      server.on('/file', (_request, response, next) => {
        if (server.log.length === 1) return next()
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length }).end(content)
      })
      server.revokeAccessTokens()
      await attach()
      const received = await page.evaluate(async (responseType) => {
        let loaded = 0
        const { data } = await lab.api.get<Blob | ArrayBuffer>('/file', {
          responseType,
          onDownloadProgress: (event) => (loaded = event.loaded),
        })
        const bytes = new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data)
        return { loaded, right: bytes.every((byte, i) => byte === i % 256), length: bytes.length }
      }, responseType)
      const loaded = reportsLast ? content.length : expect.any(Number)
      expect(received).toEqual({ loaded, right: true, length: content.length })
    },
  )

  it('a 401 that stays keeps its body as a Blob', async () => {
    server.on('/file', (_request, response) => sendJSON(response, 401, { reason: 'made-up' }))
    await attach()
    const outcome = await page.evaluate(async () => {
      const { status, data } = await lab.send({ url: '/file', responseType: 'blob' })
      return { status, text: await (data as Blob).text() }
    })
    expect(outcome).toEqual({ status: 401, text: '{"reason":"made-up"}' })
  })
})

describe('with the xhr adapter in a browser, a token goes to allowed origins only', () => {
  const redirect = (from: CorsServer, status: number, location: string): void =>
    from.on('/from', (_request, response) => response.writeHead(status, { location }).end())

  it.each([302, 307, 308])('a redirect (%i) to another origin carries no token', async (status) => {
    redirect(server, status, `${other.url}/landed`)
    await attach()
    await page.evaluate(() => lab.send({ method: 'post', url: '/from', data: { a: 1 } }))
    expect(other.log.map(({ url }) => url)).toEqual(['/landed'])
    expect(other.log[0]!.headers.authorization).toBeUndefined()
  })

  it('a 401 from the origin of a redirect is the answer, and nothing is refreshed', async () => {
    redirect(server, 302, `${other.url}/landed`)
    await attach()
    expect(await page.evaluate(() => lab.send({ url: '/from' }))).toMatchObject({
      status: 401,
      code: 'ERR_BAD_REQUEST',
      isOAuth: false,
    })
    expect([other.log.length, server.refreshes().grants]).toEqual([1, 0])
  })

  it('a redirect within the origin keeps the token and is recovered', async () => {
    redirect(server, 302, '/landed')
    server.revokeAccessTokens()
    await attach()
    expect(await page.evaluate(() => lab.send({ url: '/from' }))).toMatchObject({ status: 200, data: { url: '/landed' } })
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
  })

  it.each([
    ['an absolute URL', (url: string) => lab.send({ url: `${url}/x` })],
    ['a URL without a protocol', (url: string) => lab.send({ url: `${url.slice('http:'.length)}/x` })],
    [
      'a URL with backslashes',
      (url: string) => lab.send({ url: `${url.slice('http:'.length).replaceAll('/', '\\')}\\x`, baseURL: '' }),
    ],
    ['a baseURL of the request', (url: string) => lab.send({ url: '/x', baseURL: url })],
    [
      'an interceptor that changes the baseURL',
      (url: string) => {
        lab.api.interceptors.request.use((config) => Object.assign(config, { baseURL: url }))
        return lab.send({ url: '/x' })
      },
    ],
  ])('%s to another origin carries no token, and its 401 is not recovered', async (_name, send) => {
    await attach()
    expect(await page.evaluate(send, other.url)).toMatchObject({ status: 401, code: 'ERR_BAD_REQUEST' })
    expect(other.log.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/x', undefined]])
    expect(server.refreshes().grants).toBe(0)
  })

  it('an origin of the option origins gets the token', async () => {
    await attach({ baseURL: 'http://127.0.0.1:9', options: { origins: [server.url] } })
    expect(await page.evaluate((url) => lab.send({ url: `${url}/x` }), server.url)).toMatchObject({ status: 200 })
  })

  it('relative URLs go to the origin of the page, which gets the token', async () => {
    await attach({ baseURL: '' })
    const request = page.waitForRequest((request) => request.url().endsWith('/own'))
    await page.evaluate(() => lab.send({ url: '/own' }))
    expect((await request).headers().authorization).toBe(`Bearer ${tokens.access_token}`)
  })

  it.each([
    ['xhr', ''],
    ['xhr', '/api'],
    ['fetch', ''],
    ['fetch', '/api'],
  ] as const)('a base element that names another origin gets no token (%s, baseURL %j)', async (adapter, baseURL) => {
    await attach({ baseURL, adapter, options: {} })
    await page.evaluate((url) => {
      const base = document.createElement('base')
      base.href = `${url}/`
      document.head.append(base)
    }, other.url)
    await page.evaluate(() => lab.send({ url: 'x' }))
    expect(other.log.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
    expect(server.refreshes().grants).toBe(0)
  })

  it('a header of the caller wins and is not recovered; a request with oauth: false carries none', async () => {
    await attach()
    const outcomes = await page.evaluate(async () => [
      await lab.send({ url: '/x', headers: { Authorization: 'Basic made-up' } }),
      await lab.outcome(lab.api.get('/y', { oauth: false })),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual([401, 401])
    expect(server.log.map(({ headers }) => headers.authorization)).toEqual(['Basic made-up', undefined])
    expect(server.refreshes().grants).toBe(0)
  })
})
