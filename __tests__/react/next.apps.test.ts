import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/browser/index.mjs'
import { startServers, type Servers } from '../../scripts/servers/start.js'
import { startNext, type NextApp } from './helpers/next.js'

let servers: Servers
let app: NextApp
let browser: Browser
let context: BrowserContext
/** Errors and warnings of the application's pages: a failed hydration is one. */
let complaints: string[]
beforeAll(async () => {
  servers = await startServers()
  ;[app, browser] = await Promise.all([startNext(servers), launchChromium()])
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await Promise.all([app?.stop(), servers?.stop()])
})
beforeEach(async () => {
  await servers.configure({ accessTokenLifetime: 3600 })
  await servers.reset()
  complaints = []
  context = await browser.newContext()
})
afterEach(async () => {
  await context.close()
  expect(complaints).toEqual([])
})

async function open(path = '/'): Promise<Page> {
  const page = await context.newPage()
  const note = (text: string): void => void (page.url().startsWith(app.page) && complaints.push(text))
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && note(message.text()))
  page.on('pageerror', (error) => note(String(error)))
  await page.goto(app.page + path)
  return page
}

async function signIn(page: Page): Promise<void> {
  await page.click('text=Sign in')
  await page.fill('[name=login]', 'alice')
  await page.fill('[name=password]', 'made-up')
  await page.click('[type=submit]')
  await page.waitForSelector('[value=consent]', { state: 'attached' })
  await page.click('[type=submit]')
  await page.waitForSelector('#answer')
}
const answer = (page: Page): Promise<string> => page.locator('#answer').innerText()
const sessionCookie = async (): Promise<string | undefined> =>
  (await context.cookies(app.page)).find(({ name }) => name === 'session')?.value

describe('the Next example, built and started, in a real browser', () => {
  it('signs in, renders what the API answers on the server, and gives the browser no token', async () => {
    const page = await open()
    await signIn(page)
    expect(JSON.parse(await answer(page))).toMatchObject({ url: '/me' })
    expect(await page.evaluate(() => document.cookie)).toBe('')
    // Tokens of this server have 43 characters.
    expect(await page.content()).not.toMatch(/access_token|refresh_token|(?<![\w-])[\w-]{43}(?![\w-])/)
    expect(await page.evaluate(() => fetch('/api/items').then(({ status }) => status))).toBe(200)
    expect(await servers.counts()).toMatchObject({ refreshGrants: 0, rejected: 0 })
  })

  it('refreshes before the page renders and writes the new cookie; requests with the same cookie share one refresh', async () => {
    // Shorter than the example wants a token to live.
    await servers.configure({ accessTokenLifetime: 20 })
    const page = await open()
    // The page after the sign-in is the first to refresh.
    await signIn(page)
    await servers.configure({ accessTokenLifetime: 3600 })
    await servers.reset()
    const before = await sessionCookie()
    const statuses = await page.evaluate(() =>
      Promise.all(Array.from({ length: 5 }, () => fetch('/api/items').then(({ status }) => status))),
    )
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(await sessionCookie()).not.toBe(before)
    await page.reload()
    expect(JSON.parse(await answer(page))).toMatchObject({ url: '/me' })
    expect(await servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, rejected: 0, served: 6 })
  })

  it('signs out, and revokes the refresh token', async () => {
    const page = await open()
    await signIn(page)
    await page.click('text=Sign out')
    await page.waitForSelector('text=Sign in')
    expect(await sessionCookie()).toBeUndefined()
    expect(await servers.counts()).toMatchObject({ revocations: 1 })
  })

  it('hydrates the page of a user who is signed in in the browser without a warning, and then shows the user', async () => {
    const page = await open('/hydration')
    await page.waitForSelector('text=signed out')
    await page.evaluate((tokens) => localStorage.setItem('axios-attach-oauth', JSON.stringify(tokens)), await servers.mint())
    const response = await page.reload()
    expect(await response?.text()).toContain('<p>loading</p>')
    await page.waitForSelector('text=signed in')
    await page.click('text=Ask')
    await page.waitForSelector('text=the API answered 200')
  })
})
