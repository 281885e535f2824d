import axios from 'axios'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium, startSite, type Site } from '../../scripts/browser/index.mjs'
import { startCookieBackend, type CookieBackend } from '../helpers/browser/cookie-backend.js'
import type { CookieApp } from '../helpers/browser/cookie-page.js'
import { tally, until } from '../helpers/browser/tabs.js'

declare global {
  /** The object that `cookie-page.ts` defines in the browser. */
  var cookieApp: CookieApp
}

let browser: Browser
let site: Site
let backend: CookieBackend
let context: BrowserContext

beforeAll(async () => {
  const release = axios.VERSION === '1.7.0' ? 'axios-1.7.0' : 'axios'
  ;[browser, site, backend] = await Promise.all([
    launchChromium(),
    startSite({ axios: release, entry: 'cookie-page.ts' }),
    startCookieBackend(),
  ])
}, 60_000)
afterAll(async () => {
  await browser.close()
  await Promise.all([site.stop(), backend.stop()])
})
beforeEach(async () => {
  backend.reset()
  context = await browser.newContext()
})
afterEach(() => context.close())

async function open(adapter = 'xhr'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.url({ backend: backend.url, adapter }))
  return page
}

const login = (page: Page, user: string): Promise<void> => page.evaluate((name) => cookieApp.login(name), user)
/** Resolves when the backend has refused so many requests and has been asked for a refresh. */
async function allRejected(count: number): Promise<void> {
  while (backend.counts.refreshes === 0 || backend.counts.rejected < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

const get = (page: Page): Promise<object> => page.evaluate(() => cookieApp.send('GET', '/api/me'))

// The fetch adapter of axios 1.7.0 ignores withCredentials.
const adapters = axios.VERSION === '1.7.0' ? ['xhr'] : ['xhr', 'fetch']

describe.each(adapters)('a session in HttpOnly cookies, in Chromium with the %s adapter', (adapter) => {
  it('two tabs whose requests get a 401 take one refresh between them, and no script sees a token', async () => {
    const tabs = await Promise.all([open(adapter), open(adapter)])
    await login(tabs[0]!, 'ann')
    await until(tabs[1]!, () => cookieApp.status().status === 'signed_in')
    for (const tab of tabs) expect(await get(tab)).toMatchObject({ status: 200, data: { user: 'ann' } })
    backend.expire()
    const answers = await Promise.all(tabs.map((tab) => tab.evaluate(() => cookieApp.many(20))))
    expect(tally(answers.flat())).toEqual({ 200: 40 })
    expect(backend.counts).toMatchObject({ refreshes: 1, reused: 0 })
    for (const tab of tabs) {
      const kept = await tab.evaluate(() => cookieApp.kept())
      expect(backend.secrets.filter((secret) => kept.includes(secret))).toEqual([])
      await expect(tab.evaluate(() => cookieApp.session.getAccessToken())).rejects.toThrow('HttpOnly cookies')
    }
  })

  it('a request that changes something is sent again with the XSRF token that the refresh has brought', async () => {
    const tab = await open(adapter)
    await login(tab, 'ann')
    backend.expire()
    // A request that is still on its way when the cookies change has the XSRF token of before.
    backend.hold(allRejected(5))
    expect(tally(await tab.evaluate(() => cookieApp.many(5, 'POST')))).toEqual({ 200: 5 })
    expect(backend.counts).toMatchObject({ refreshes: 1, forged: 0, rejected: 5, served: 5 })
  })
})

it('a tab that was opened later, and a reload, know the user and need no refresh', async () => {
  const first = await open()
  await login(first, 'ann')
  const second = await open()
  await until(second, () => cookieApp.status().status === 'signed_in')
  expect(await second.evaluate(() => cookieApp.status())).toMatchObject({ user: 'ann', canRefresh: true })
  expect(await get(second)).toMatchObject({ status: 200 })
  await first.reload()
  expect(await get(first)).toMatchObject({ status: 200 })
  expect(backend.counts.refreshes).toBe(0)
})

it('a page that has cookies and no state finds out with its first 401', async () => {
  const tab = await open()
  await login(tab, 'ann')
  await tab.evaluate(() => localStorage.clear())
  await tab.reload()
  expect(await get(tab)).toMatchObject({ status: 200 })
  expect(backend.counts.refreshes).toBe(0)
  backend.expire()
  expect(tally(await tab.evaluate(() => cookieApp.many(5)))).toEqual({ 200: 5 })
  expect(backend.counts.refreshes).toBe(1)
  expect(await tab.evaluate(() => cookieApp.status())).toMatchObject({ status: 'signed_in', user: 'ann' })
})

it('signing out in one tab ends the session in the others, at the backend, and after a reload', async () => {
  const [first, second] = [await open(), await open()]
  await login(first, 'ann')
  await until(second, () => cookieApp.status().status === 'signed_in')
  expect(await first.evaluate(() => cookieApp.session.signOut({ revoke: true }))).toMatchObject({ revoked: true })
  await until(second, () => cookieApp.status().status === 'signed_out')
  expect(await get(second)).toMatchObject({ code: 'OAUTH_SIGNED_OUT', status: 401 })
  await second.reload()
  expect(await get(second)).toMatchObject({ status: 401 })
  expect(backend.counts).toMatchObject({ logouts: 1, refreshes: 0 })
})

it('requests of one user that wait are not sent again under another user, who signs in in another tab', async () => {
  const [first, second] = [await open(), await open()]
  await login(first, 'ann')
  await until(second, () => cookieApp.status().status === 'signed_in')
  backend.expire()
  let release: () => void = () => undefined
  backend.hold(new Promise<void>((resolve) => (release = resolve)))
  const waiting = second.evaluate(() => cookieApp.many(5))
  await allRejected(5)
  const before = backend.seen.length
  await login(first, 'bob')
  release()
  await until(second, () => (cookieApp.status() as { user?: string }).user === 'bob')
  expect(tally(await waiting)).toEqual({ OAUTH_SIGNED_OUT: 5 })
  expect(backend.seen.slice(before)).toEqual([])
  expect(await second.evaluate(() => cookieApp.events)).toContain('user_changed')
})

it('another user whom only the refresh tells is noticed: the waiting requests of the first are not sent again', async () => {
  const tab = await open()
  await login(tab, 'ann')
  // A login form of the server's own, which this package knows nothing of.
  await tab.evaluate(
    (url) => fetch(`${url}/auth/login`, { method: 'POST', credentials: 'include', body: '{"user":"bob"}' }).then(() => undefined),
    backend.url,
  )
  backend.expire()
  // The browser takes a cookie when it sends: a request that is still queued would go out with the new one.
  backend.hold(allRejected(5))
  expect(tally(await tab.evaluate(() => cookieApp.many(5)))).toEqual({ OAUTH_SIGNED_OUT: 5 })
  expect(backend.seen.filter(({ status }) => status === 200)).toEqual([])
  expect(await tab.evaluate(() => cookieApp.status())).toMatchObject({ status: 'signed_in', user: 'bob' })
  expect(await get(tab)).toMatchObject({ status: 200, data: { user: 'bob' } })
})

it('a session that the backend has ended signs out once, and the refresh endpoint is left alone', async () => {
  const tab = await open()
  await login(tab, 'ann')
  await context.clearCookies()
  const { OAUTH_INVALID_GRANT: waited = 0, OAUTH_SIGNED_OUT: late = 0 } = tally(await tab.evaluate(() => cookieApp.many(5)))
  expect([waited > 0, waited + late]).toEqual([true, 5])
  expect(await get(tab)).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  expect(backend.counts.refreshes).toBe(1)
  expect((await tab.evaluate(() => cookieApp.events)).filter((name) => name === 'signed_out')).toHaveLength(1)
})
