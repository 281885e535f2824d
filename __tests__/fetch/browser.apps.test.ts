import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium, startSite, type Site } from '../../scripts/browser/index.mjs'
import { sendJSON, startCorsServer, type CorsServer, type Sending } from '../helpers/browser/cors-server.js'
import { tally } from '../helpers/browser/tabs.js'
import '../helpers/browser/fetch-page.js'

let browser: Browser
let site: Site
let server: CorsServer
/** Browsers upload streams over HTTP/2 only. */
let streaming: CorsServer
let other: CorsServer
let context: BrowserContext
let page: Page

beforeAll(async () => {
  ;[browser, site, server, streaming, other] = await Promise.all([
    launchChromium(),
    startSite({ entry: 'fetch-page.ts' }),
    startCorsServer(),
    startCorsServer({ http2: true }),
    startCorsServer(),
  ])
}, 60_000)
afterAll(async () => {
  await browser.close()
  await Promise.all([site.stop(), server.close(), streaming.close(), other.close()])
})
beforeEach(async () => {
  for (const each of [server, streaming, other]) each.reset()
  context = await browser.newContext({ ignoreHTTPSErrors: true })
  page = await context.newPage()
  await page.goto(site.url())
})
afterEach(async () => {
  // The other origin never receives a token, whatever the test does.
  expect(JSON.stringify(other.log.map(({ url, headers }) => [url, headers]))).not.toContain('at-')
  await context.close()
})

/** A page with a session of this server. `isRevoked`: the API refuses the access token. */
async function attach({ isRevoked = true, api = server, options = {} } = {}): Promise<void> {
  const tokens = { ...api.mint(), expires_at: Math.floor(Date.now() / 1000) + 3600 }
  if (isRevoked) api.revokeAccessTokens()
  await page.evaluate((setup) => fetchLab.attach(setup), {
    url: api.url,
    tokens: { ...tokens },
    options: { origins: [api.url], ...options },
  })
}
const statuses = (log = server.log): number[] => log.map(({ status }) => status)
const tokenOf = ({ headers }: Sending): string | undefined => headers.authorization

describe('in a real browser, one refresh serves many requests of oauthFetch', () => {
  it('a hundred concurrent 401s lead to one refresh, and each request is sent again once and gets its own response', async () => {
    await attach()
    const outcomes = await page.evaluate(
      (url) => Promise.all(Array.from({ length: 100 }, (_, i) => fetchLab.get(`${url}/items/${i}`))),
      server.url,
    )
    expect(tally(outcomes)).toEqual({ 200: 100 })
    outcomes.forEach(({ text }, i) => expect(text).toContain(`"/items/${i}"`))
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
    expect(tally(server.log.map(({ url }) => ({ message: url })))).toEqual(
      Object.fromEntries(outcomes.map((_, i) => [`/items/${i}`, 2])),
    )
  })

  it('a request that needs a longer validity than the token has waits for a refresh, and is sent once', async () => {
    await attach({ isRevoked: false })
    expect(await page.evaluate((url) => fetchLab.get(`${url}/me`, { oauth: { validFor: 7_200_000 } }), server.url)).toMatchObject(
      { status: 200 },
    )
    expect([server.refreshes().grants, statuses()]).toEqual([1, [200]])
  })

  it('a second 401 is the answer, and its body can be read', async () => {
    server.on('/no', (_request, response) => sendJSON(response, 401, { no: true }))
    await attach({ isRevoked: false })
    expect(await page.evaluate((url) => fetchLab.get(`${url}/no`), server.url)).toMatchObject({
      status: 401,
      text: '{"no":true}',
    })
    expect([server.refreshes().grants, server.log.length]).toEqual([1, 2])
  })

  it('the end of the session rejects with the typed error that carries the 401', async () => {
    await attach()
    server.mint()
    server.revokeAccessTokens()
    expect(await page.evaluate((url) => fetchLab.get(`${url}/me`), server.url)).toMatchObject({
      code: 'OAUTH_INVALID_GRANT',
      name: 'OAuthFetchError',
      refused: 401,
    })
  })

  it('a 401 without CORS headers is a network error to any page: no refresh, and the session goes on', async () => {
    server.on('/closed', (_request, response) => {
      response.removeHeader('access-control-allow-origin')
      response.writeHead(401).end()
    })
    await attach({ isRevoked: false })
    const outcome = await page.evaluate((url) => fetchLab.get(`${url}/closed`), server.url)
    expect(outcome).toEqual({ name: 'TypeError', message: 'Failed to fetch' })
    expect(await page.evaluate(() => fetchLab.session.getSnapshot().status)).toBe('signed_in')
    expect(server.refreshes().grants).toBe(0)
  })
})

describe('in a real browser, oauthFetch sends a body again as it was', () => {
  const kinds = ['text', 'URLSearchParams', 'a Blob with a type', 'an ArrayBuffer', 'a view of a buffer', 'FormData'] as const

  const bodyOf = ({ body, headers }: Sending): [string | undefined, string] => {
    const type = headers['content-type']
    const boundary = /boundary=(.*)/.exec(type ?? '')?.[1]
    const text = body.toString('latin1')
    return boundary === undefined ? [type, text] : [type?.replace(boundary, '-'), text.replaceAll(boundary, '-')]
  }

  it.each(kinds)('%s', async (kind) => {
    await attach()
    const statuses = await page.evaluate(
      async ([url, kind]) => {
        const init = (): RequestInit => ({ method: 'POST', body: fetchLab.bodies[kind]() })
        // The platform's own fetch sends an equal body.
        const plain = await fetch(`${url}/plain`, init())
        return [plain.status, (await fetchLab.get(`${url}/upload`, init())).status]
      },
      [server.url, kind] as const,
    )
    expect(statuses).toEqual([401, 200])
    const [plain, ...sent] = server.log.map(bodyOf)
    expect(sent).toEqual([plain, plain])
  })

  it.each(kinds)('a Request with %s', async (kind) => {
    await attach()
    const outcome = await page.evaluate(
      ([url, kind]) => {
        const init = { method: 'PUT', headers: { 'x-own': '1' }, body: fetchLab.bodies[kind]() }
        return fetchLab.outcome(fetchLab.send(new Request(`${url}/upload`, init)))
      },
      [server.url, kind] as const,
    )
    expect(outcome).toMatchObject({ status: 200 })
    const [first, second] = server.log.map(bodyOf)
    expect(second).toEqual(first)
    expect(first?.[1].length).toBeGreaterThan(0)
    expect(server.log.map(({ method, headers }) => [method, headers['x-own']])).toEqual([
      ['PUT', '1'],
      ['PUT', '1'],
    ])
  })

  it('a ReadableStream is not sent again: the request rejects with OAUTH_NOT_REPLAYABLE, and the next one works', async () => {
    await attach({ api: streaming })
    const outcome = await page.evaluate(
      (url) => fetchLab.get(`${url}/upload`, { method: 'POST', body: fetchLab.stream(), duplex: 'half' } as RequestInit),
      streaming.url,
    )
    expect(outcome).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE', refused: 401 })
    expect(streaming.log.map(({ body }) => String(body))).toEqual(['one two three'])
    expect(await page.evaluate((url) => fetchLab.get(`${url}/me`), streaming.url)).toMatchObject({ status: 200 })
    expect(streaming.refreshes()).toEqual({ grants: 1, reused: 0 })
  })

  it('a ReadableStream that a function creates is sent again', async () => {
    await attach({ api: streaming })
    const outcome = await page.evaluate(
      (url) => fetchLab.get(`${url}/upload`, { method: 'POST', oauth: { body: () => fetchLab.stream() } }),
      streaming.url,
    )
    expect(outcome).toMatchObject({ status: 200 })
    expect(streaming.log.map(({ body }) => String(body))).toEqual(['one two three', 'one two three'])
  })

  it('the ReadableStream of a Request is sent again', async () => {
    await attach({ api: streaming })
    const outcome = await page.evaluate((url) => {
      const init = { method: 'POST', body: fetchLab.stream(), duplex: 'half' }
      return fetchLab.outcome(fetchLab.send(new Request(`${url}/upload`, init)))
    }, streaming.url)
    expect(outcome).toMatchObject({ status: 200 })
    expect(streaming.log.map(({ body }) => String(body))).toEqual(['one two three', 'one two three'])
  })

  it("a ReadableStream to the page's own origin rejects in the same way", async () => {
    await context.route(`${streaming.url}/page`, (route) => route.fulfill({ contentType: 'text/html', body: '' }))
    await page.goto(`${streaming.url}/page`)
    await page.addScriptTag({ content: await (await fetch(new URL('/page.js', site.url()))).text() })
    await attach({ api: streaming })
    const outcome = await page.evaluate(
      (url) => fetchLab.get(`${url}/upload`, { method: 'POST', body: fetchLab.stream(), duplex: 'half' } as RequestInit),
      streaming.url,
    )
    expect(outcome).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE', refused: 401 })
  })
})

describe('in a real browser, oauthFetch gives the token to allowed origins only', () => {
  it('another origin gets no token and no recovery', async () => {
    await attach()
    other.revokeAccessTokens()
    expect(await page.evaluate((url) => fetchLab.get(`${url}/x`), other.url)).toMatchObject({ status: 401 })
    expect([other.log.map(tokenOf), server.refreshes().grants]).toEqual([[undefined], 0])
  })

  it.each([301, 302, 307, 308])(
    'a redirect (%i) to another origin carries no token, and its 401 starts no refresh',
    async (status) => {
      server.on('/away', (_request, response) => void response.writeHead(status, { location: `${other.url}/there` }).end())
      await attach({ isRevoked: false, options: { origins: [server.url, other.url] } })
      const outcome = await page.evaluate((url) => fetchLab.get(`${url}/away`), server.url)
      expect(outcome).toMatchObject({ status: 401, url: `${other.url}/there` })
      expect([server.log.map(tokenOf), other.log.map(tokenOf)]).toEqual([[expect.stringContaining('at-')], [undefined]])
      expect(server.refreshes().grants).toBe(0)
    },
  )

  it('a redirect within the origin is recovered', async () => {
    server.on('/old', (_request, response) => void response.writeHead(302, { location: '/new' }).end())
    await attach()
    expect(await page.evaluate((url) => fetchLab.get(`${url}/old`), server.url)).toMatchObject({ status: 200 })
    expect(server.log.map(({ url }) => url)).toEqual(['/old', '/new', '/old', '/new'])
    expect(server.refreshes().grants).toBe(1)
  })

  it("without origins the page's own gets the token, also for a relative address, and another one that a <base> names does not", async () => {
    const arrived: (string | undefined)[] = []
    await context.route('**/own', (route) => {
      arrived.push(route.request().headers().authorization)
      return route.fulfill({ status: 200, body: 'own' })
    })
    await attach({ isRevoked: false, options: { origins: undefined } })
    expect(await page.evaluate(() => fetchLab.get('/own'))).toMatchObject({ status: 200, text: 'own' })
    await page.evaluate((href) => {
      const base = document.createElement('base')
      base.href = href
      document.head.append(base)
    }, `${other.url}/`)
    expect(await page.evaluate(() => fetchLab.get('there'))).toMatchObject({
      code: 'OAUTH_ORIGIN_UNKNOWN',
    })
    expect([arrived, other.log.map(tokenOf)]).toEqual([[expect.stringContaining('at-')], []])
  })

  it('oauth: false and an Authorization header of its own send the request unchanged', async () => {
    await attach({ isRevoked: false })
    await page.evaluate((url) => fetchLab.get(`${url}/a`, { oauth: false }), server.url)
    await page.evaluate((url) => fetchLab.get(`${url}/b`, { headers: { authorization: 'Basic x' } }), server.url)
    expect(server.log.map(tokenOf)).toEqual([undefined, 'Basic x'])
  })
})

describe('in a real browser, oauthFetch and the settings of a request', () => {
  it.each([
    ['the settings', false],
    ['a Request', true],
  ])('the referrer policy of %s holds for both sends', async (_name, isRequest) => {
    await attach()
    const outcome = await page.evaluate(
      ([url, isRequest]) => {
        const init: RequestInit = { referrerPolicy: 'no-referrer' }
        return fetchLab.outcome(isRequest ? fetchLab.send(new Request(url, init)) : fetchLab.send(url, init))
      },
      [`${server.url}/me`, isRequest] as const,
    )
    expect(outcome).toMatchObject({ status: 200 })
    expect(server.log.map(({ headers }) => headers.referer)).toEqual([undefined, undefined])
  })

  it('the referrer of a Request to another origin is kept', async () => {
    await attach()
    await page.evaluate(
      (url) => fetchLab.outcome(fetchLab.send(new Request(url, { referrerPolicy: 'no-referrer' }))),
      `${other.url}/x`,
    )
    expect(other.log.map(({ headers }) => headers.referer)).toEqual([undefined])
  })

  it('credentials: include sends the cookies both times', async () => {
    await context.addCookies([{ name: 'theme', value: 'dark', url: server.url, sameSite: 'Lax' }])
    await page.goto(site.url({}, '127.0.0.1'))
    await attach()
    const outcome = await page.evaluate((url) => fetchLab.get(`${url}/me`, { credentials: 'include' }), server.url)
    expect(outcome).toMatchObject({ status: 200 })
    expect(server.log.map(({ headers }) => headers.cookie)).toEqual(['theme=dark', 'theme=dark'])
  })
})

describe('in a real browser, an abort', () => {
  it('of a request that waits for the refresh rejects with the reason, and the refresh finishes', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    server.on('/token', async (_request, _response, next) => (await held, next()))
    await attach()
    const outcomes = await page.evaluate(async (url) => {
      const [plain, reasoned] = [new AbortController(), new AbortController()]
      const started = new Promise((begun) => fetchLab.session.on('refresh_started', begun))
      const sending = [plain, reasoned].map(({ signal }) => fetchLab.get(`${url}/me`, { signal }))
      sending.push(fetchLab.outcome(fetchLab.send(new Request(`${url}/me`, { signal: plain.signal }))))
      await started
      plain.abort()
      reasoned.abort(new Error('enough'))
      return Promise.all(sending)
    }, server.url)
    expect(outcomes.map(({ name, message }) => (name === 'AbortError' ? name : message))).toEqual([
      'AbortError',
      'enough',
      'AbortError',
    ])
    release()
    expect(await page.evaluate((url) => fetchLab.get(`${url}/me`), server.url)).toMatchObject({ status: 200 })
    expect(server.refreshes()).toEqual({ grants: 1, reused: 0 })
  })

  it('of a request under way reaches the network, and starts no refresh', async () => {
    let arrive: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    const ended = new Promise<void>((resolve) =>
      server.on('/slow', (_request, response) => {
        response.on('close', resolve)
        arrive()
      }),
    )
    await attach({ isRevoked: false })
    const sending = page.evaluate((url) => {
      const controller = new AbortController()
      addEventListener('abort request', () => controller.abort())
      return fetchLab.get(`${url}/slow`, { signal: controller.signal })
    }, server.url)
    await arrived
    await page.evaluate(() => void dispatchEvent(new Event('abort request')))
    const outcome = await sending
    expect(outcome.name).toBe('AbortError')
    await ended
    expect(server.refreshes().grants).toBe(0)
  })

  it('of a request that was aborted before sends nothing', async () => {
    await attach()
    const outcome = await page.evaluate((url) => fetchLab.get(`${url}/me`, { signal: AbortSignal.abort() }), server.url)
    expect([outcome.name, server.log]).toEqual(['AbortError', []])
  })
})
