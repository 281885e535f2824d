import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios from 'axios'
import { setStage, tally, type Stage } from '../helpers/browser/tabs.js'

let stage: Stage
// The page is bundled with the axios of this run, the newest or the oldest.
beforeAll(async () => {
  stage = await setStage({ axios: axios.VERSION === '1.7.0' ? 'axios-1.7.0' : 'axios' })
}, 60_000)
afterAll(() => stage.close())
beforeEach(() => stage.servers.reset())

describe.each(['xhr', 'fetch'])('in a real browser, with the %s adapter of axios', (adapter) => {
  it('a hundred concurrent 401s lead to one refresh, and every request is answered', async () => {
    const page = await stage.open(await stage.context(), { adapter })
    const tokens = await stage.servers.mint()
    await page.evaluate((tokens) => app.signIn(tokens), tokens)
    expect(await page.evaluate(() => app.get('/first'))).toMatchObject({ status: 200 })
    await stage.servers.refuseAccessTokens()
    expect(tally(await page.evaluate(() => app.many(100)))).toEqual({ 200: 100 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, rejected: 100, served: 101 })
    const kept = await page.evaluate(() => JSON.parse(localStorage.getItem('axios-attach-oauth') ?? '{}') as object)
    expect(kept).toMatchObject({ refresh_token: expect.not.stringContaining(tokens.refresh_token) })
  })

  it('the preflight carries no token, and the request that it was for is recovered', async () => {
    const seen: string[] = []
    const api = await startApi((method, authorization) => {
      seen.push(`${method} ${authorization === undefined ? 'without' : 'with'} a token`)
      return { status: method === 'OPTIONS' ? 204 : seen.length > 2 ? 200 : 401, cors: true }
    })
    const page = await stage.open(await stage.context(), { adapter, apiUrl: api.url })
    await page.evaluate((tokens) => app.signIn(tokens), await stage.servers.mint())
    expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
    // The browser remembers the answer to the preflight for the second sending.
    expect(seen).toEqual(['OPTIONS without a token', 'GET with a token', 'GET with a token'])
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 1 })
    await api.stop()
  })

  it('a 401 without CORS headers is a network error to any page: no refresh, and nobody is signed out', async () => {
    const api = await startApi((method) => ({ status: method === 'OPTIONS' ? 204 : 401, cors: method === 'OPTIONS' }))
    const page = await stage.open(await stage.context(), { adapter, apiUrl: api.url })
    await page.evaluate((tokens) => app.signIn(tokens), await stage.servers.mint())
    const outcome = await page.evaluate(() => app.get('/me'))
    expect(outcome.code).toBe('ERR_NETWORK')
    expect(outcome.status).toBeUndefined()
    expect(await page.evaluate(() => app.status().status)).toBe('signed_in')
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 0 })
    await api.stop()
  })
})

describe.each(['xhr', 'fetch'])('in a page with a <base> of another origin, with the %s adapter', (adapter) => {
  it.each(['', '/api'])('a relative request carries no token there, with the baseURL %j', async (baseURL) => {
    const arrived: (string | undefined)[] = []
    const other = await startApi((method, authorization) => {
      if (method !== 'OPTIONS') arrived.push(authorization)
      return { status: method === 'OPTIONS' ? 204 : 200, cors: true }
    })
    const page = await stage.open(await stage.context(), { adapter, apiUrl: baseURL })
    await page.evaluate((tokens) => app.signIn(tokens), await stage.servers.mint())
    // The page's own server answers every path: the request goes there with a token before the <base> comes.
    expect(await page.evaluate(() => app.get('/page.js'))).toMatchObject({ status: 200 })
    await page.evaluate((href) => {
      const base = document.createElement('base')
      base.href = href
      document.head.append(base)
    }, `${other.url}/`)
    const outcome = await page.evaluate(() => app.get('/me'))
    // What a program sends there without the package shows that the browser would have gone there.
    await page.evaluate(() => fetch('me').then(({ status }) => status))
    expect(outcome).toMatchObject({ code: 'OAUTH_ORIGIN_UNKNOWN' })
    expect(arrived).toEqual([undefined])
    await other.stop()
  })
})

type Answer = (method: string, authorization: string | undefined) => { status: number; cors: boolean }

async function startApi(answer: Answer): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const { status, cors } = answer(request.method ?? '', request.headers.authorization)
    const headers = {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '60',
    }
    response.writeHead(status, cors ? headers : {}).end()
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
