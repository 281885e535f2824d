import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/browser/index.mjs'
import { startServers, type Servers } from '../../scripts/servers/start.js'
import type { SignInApp } from './helpers/page.js'
import { startSite, type Site } from './helpers/site.js'

declare global {
  /** Exists in the browser only. */
  var signInApp: SignInApp
}

let servers: Servers
let site: Site
let browser: Browser
let context: BrowserContext
beforeAll(async () => {
  servers = await startServers()
  ;[site, browser] = await Promise.all([startSite({ issuer: servers.issuer, apiUrl: servers.apiUrl }), launchChromium()])
}, 60_000)
afterAll(async () => {
  await browser.close()
  await Promise.all([site.stop(), servers.stop()])
})
beforeEach(async () => {
  await servers.reset()
  context = await browser.newContext()
})
afterEach(() => context.close())

async function open(path = '/'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.origin + path)
  return page
}

/** Starts a sign-in and goes to the authorization server. */
async function start(page: Page, options?: Parameters<SignInApp['start']>[0]): Promise<void> {
  await Promise.all([page.waitForURL(/interaction/), page.evaluate((given) => void signInApp.start(given), options)])
}

/** Gives a name and any password. */
async function logIn(page: Page, name = 'alice'): Promise<void> {
  await page.fill('[name=login]', name)
  await page.fill('[name=password]', 'made-up')
  await page.click('[type=submit]')
  await page.waitForSelector('[value=consent]', { state: 'attached' })
}

/** Consents, and waits for what the page made of the response. */
async function consent(page: Page): Promise<unknown> {
  await Promise.all([page.waitForURL(`${site.origin}/**`), page.click('[type=submit]')])
  return page.evaluate(() => signInApp.finished)
}

describe('a sign-in at a real authorization server, in a real browser', () => {
  it('signs in with one exchange under two effects, returns to the page, and the API accepts the token after a reload', async () => {
    const page = await open('/orders?page=2#top')
    await start(page)
    await logIn(page)
    expect(await consent(page)).toEqual([{ returnTo: '/orders?page=2#top' }, { returnTo: '/orders?page=2#top' }])
    expect(page.url()).toBe(`${site.origin}/orders?page=2#top`)
    expect(await page.evaluate(() => signInApp.get())).toBe(200)
    await page.reload()
    expect(await page.evaluate(() => signInApp.finished)).toEqual(['no response here', 'no response here'])
    expect(await page.evaluate(() => signInApp.get())).toBe(200)
    expect(await servers.counts()).toMatchObject({ tokenRequests: 1, rejected: 0, served: 2 })
  })

  it('tells a cancelled sign-in', async () => {
    const page = await open()
    await start(page)
    await Promise.all([page.waitForURL(`${site.origin}/**`), page.click('text=Cancel')])
    expect(await page.evaluate(() => signInApp.finished)).toEqual(['SIGN_IN_DENIED', 'SIGN_IN_DENIED'])
    expect(page.url()).toBe(`${site.origin}/callback`)
    expect(await servers.counts()).toMatchObject({ tokenRequests: 0 })
  })

  it('a response that two tabs open is used by one of them, and its tokens stay good', async () => {
    const page = await open()
    await start(page)
    await logIn(page)
    site.scripted = false
    await Promise.all([page.waitForURL(`${site.origin}/callback**`), page.click('[type=submit]')])
    const response = page.url()
    site.scripted = true
    const tabs = await Promise.all([context.newPage(), context.newPage()])
    await Promise.all(tabs.map((tab) => tab.goto(response)))
    const outcomes = await Promise.all(tabs.map((tab) => tab.evaluate(() => signInApp.finished)))
    expect(outcomes.map(([first]) => first)).toEqual(expect.arrayContaining([{ returnTo: '/' }, 'SIGN_IN_STALE']))
    for (const tab of tabs) expect(await tab.evaluate(() => signInApp.get())).toBe(200)
    expect(await servers.counts()).toMatchObject({ tokenRequests: 1, rejected: 0 })
  })

  it('two tabs that sign in at the same time both finish', async () => {
    const tabs = [await open('/one'), await open('/two')] as const
    for (const tab of tabs) await start(tab)
    await logIn(tabs[0])
    expect(await consent(tabs[0])).toMatchObject([{ returnTo: '/one' }, {}])
    await logIn(tabs[1])
    expect(await consent(tabs[1])).toMatchObject([{ returnTo: '/two' }, {}])
    for (const tab of tabs) expect(await tab.evaluate(() => signInApp.get())).toBe(200)
  })

  it('signs out here and at the server, which asks for the user again', async () => {
    const page = await open()
    await start(page)
    await logIn(page)
    await consent(page)
    await Promise.all([page.waitForURL(/session\/end/), page.evaluate(() => void signInApp.signOut())])
    expect(page.url()).toMatch(/id_token_hint=/)
    await Promise.all([page.waitForURL(/session\/end\/success/), page.click('[type=submit]')])
    expect(await servers.counts()).toMatchObject({ revocations: 2 })
    await page.goto(site.origin)
    expect(await page.evaluate(() => signInApp.status())).toBe('signed-out')
    await start(page)
    await page.waitForSelector('[name=login]')
  })
})
