import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/browser/index.mjs'
import { startSpa, type Counts, type Spa } from './helpers/spa.js'

let spa: Spa
let browser: Browser
let context: BrowserContext
/** Errors and warnings of the page. The browser itself prints responses with an error status and lost connections. */
let complaints: string[]
beforeAll(async () => {
  ;[spa, browser] = await Promise.all([startSpa({ lifetime: 8 }), launchChromium()])
}, 60_000)
afterAll(async () => {
  await browser.close()
  spa.stop()
})
beforeEach(async () => {
  complaints = []
  context = await browser.newContext()
})
afterEach(async () => {
  await context.close()
  expect(complaints).toEqual([])
})

async function open(): Promise<Page> {
  const page = await context.newPage()
  const note = (text: string): void => {
    if (page.url().startsWith(spa.page) && !text.startsWith('Failed to load resource')) complaints.push(text)
  }
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && note(message.text()))
  page.on('pageerror', (error) => note(String(error)))
  await page.goto(spa.page)
  return page
}

async function signIn(page: Page, name = 'alice'): Promise<void> {
  await page.click('button:has-text("Sign in")')
  await page.waitForURL(/interaction/)
  // A browser that is signed in at the server is asked for the consent only.
  if (await page.locator('[name=login]').count()) {
    await page.fill('[name=login]', name)
    await page.fill('[name=password]', 'made-up')
    await page.click('[type=submit]')
    await page.waitForSelector('[value=consent]', { state: 'attached' })
  }
  await page.click('[type=submit]')
  await page.waitForSelector('text=Tomatoes')
}

const signedOut = (page: Page): Promise<unknown> => page.waitForSelector('text=Sign in again')

async function countsUntil(condition: (counts: Counts) => boolean): Promise<Counts> {
  for (;;) {
    const counts = await spa.counts()
    if (condition(counts)) return counts
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('the React example, in a real browser', () => {
  it('signs in, renews the token under six polling queries without a single 401, and is signed in after a reload', async () => {
    const page = await open()
    const before = await spa.counts()
    await signIn(page)
    expect(page.url()).toBe(`${spa.page}/`)
    const after = await countsUntil(({ refreshGrants }) => refreshGrants >= before.refreshGrants + 2)
    expect(after).toMatchObject({ rejected: before.rejected, refreshTokensReused: 0 })
    await page.reload()
    await page.waitForSelector('text=Tomatoes')
  })

  it('adds a note and uploads a photo', async () => {
    const page = await open()
    await signIn(page)
    await page.fill('[name=text]', 'Repot the lemons.')
    await page.click('text=Add')
    await page.waitForSelector('text=Repot the lemons.')
    await page.setInputFiles('[type=file]', { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(300_000, 1) })
    await page.waitForSelector('text=/30\\d,\\d{3} bytes stored/')
  })

  it('two tabs renew the token without sending a refresh token twice, and a sign-out in one signs the other out', async () => {
    const first = await open()
    await signIn(first)
    const second = await open()
    await second.waitForSelector('text=Tomatoes')
    const before = await spa.counts()
    await countsUntil(({ refreshGrants }) => refreshGrants >= before.refreshGrants + 2)
    await second.click('text=Sign out')
    await signedOut(first)
    const after = await spa.counts()
    expect(after).toMatchObject({ rejected: before.rejected, refreshTokensReused: 0, revocations: before.revocations + 2 })
  })

  it('another user who signs in in a second tab sees nothing of the first, and the first tab follows', async () => {
    const first = await open()
    await signIn(first, 'alice')
    await first.fill('[name=text]', 'a note of alice')
    await first.click('text=Add')
    await first.waitForSelector('b:has-text("alice")')
    const second = await open()
    await second.click('text=Sign out')
    await signedOut(first)
    await context.clearCookies()
    await second.goto(spa.page)
    await signIn(second, 'bob')
    await first.waitForSelector('text=Tomatoes')
    await first.fill('[name=text]', 'a note of bob')
    await first.click('text=Add')
    await first.waitForSelector('b:has-text("bob")')
  })

  it('a session that is revoked at the server ends with "sign in again", and signing in works', async () => {
    const page = await open()
    await signIn(page)
    await spa.revoke()
    await signedOut(page)
    await page.waitForSelector('text=Your session has ended')
    await signIn(page)
  })

  it('stays signed in while it is offline, and goes on afterwards', async () => {
    const page = await open()
    await signIn(page)
    await context.setOffline(true)
    const { served } = await spa.counts()
    await new Promise((resolve) => setTimeout(resolve, 9000))
    await context.setOffline(false)
    await countsUntil((counts) => counts.served >= served + 12)
    await page.waitForSelector('text=Tomatoes')
    expect(await page.locator('text=Sign in').count()).toBe(0)
    expect(await spa.counts()).toMatchObject({ refreshTokensReused: 0 })
  })

  it('tells a cancelled sign-in in plain words', async () => {
    const page = await open()
    await page.click('button:has-text("Sign in")')
    await page.click('text=Cancel')
    await page.waitForSelector('[role=alert]:has-text("Sign-in was cancelled or not allowed.")')
  })
})
