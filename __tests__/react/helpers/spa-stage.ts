import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../../scripts/browser/index.mjs'
import { startSpa, type Counts, type Spa } from './spa.js'

declare global {
  /** Exists in the browser only: the latest exports of the module that attaches. */
  var auth: {
    evaluations: number
    api: { get(url: string): Promise<{ status: number }> }
  }
  /** Requests of the page that wait for a response. */
  var underWay: number
}

/** In seconds. Time passes on the clocks of the page and of the servers together, when a test says so. */
export const LIFETIME = 60
export const EXPIRED = (LIFETIME + 1) * 1000

let spa: Spa
let browser: Browser
let context: BrowserContext
/** Errors and warnings of the page. The browser itself prints responses with an error status and lost connections. */
let complaints: string[]
/** The network log. */
let responses: { path: string; status: number }[]

/** Starts the example before the tests of this file, and opens a browser context for each of them. `start` prepares the options of the example. */
export function driveSpa(start: () => Promise<{ oidcClient?: string }> = async () => ({})): void {
  beforeAll(async () => {
    ;[spa, browser] = await Promise.all([
      start().then((options) => startSpa({ lifetime: LIFETIME, ...options })),
      launchChromium(),
    ])
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    spa?.stop()
  })
  beforeEach(async () => {
    complaints = []
    responses = []
    context = await browser.newContext()
    await context.clock.install({ time: spa.now() })
    await context.addInitScript(countRequests)
    context.on('response', (response) => responses.push({ path: new URL(response.url()).pathname, status: response.status() }))
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
}

/** The example and the browser context of the present test. */
export const present = (): { spa: Spa; context: BrowserContext } => ({ spa, context })

/** An init script. The page itself knows its requests before the browser reports them. */
function countRequests(): void {
  globalThis.underWay = 0
  const { send } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.send = function (...values) {
    globalThis.underWay++
    this.addEventListener('loadend', () => globalThis.underWay--)
    send.apply(this, values)
  }
  const platform = globalThis.fetch
  globalThis.fetch = (...values) => {
    globalThis.underWay++
    return platform(...values).finally(() => globalThis.underWay--)
  }
}

export async function open(): Promise<Page> {
  const page = await context.newPage()
  const note = (text: string): void => {
    if (page.url().startsWith(spa.page) && !text.startsWith('Failed to load resource')) complaints.push(text)
  }
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && note(message.text()))
  page.on('pageerror', (error) => note(String(error)))
  await page.goto(spa.page)
  return page
}

export const signedIn = (page: Page): Promise<unknown> => page.waitForSelector('text=Seedlings')
export const signedOut = (page: Page): Promise<unknown> => page.waitForSelector('text=Sign in again')

export async function signIn(page: Page, name = 'alice'): Promise<void> {
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
  await signedIn(page)
}

export async function until(condition: () => boolean | Promise<boolean>, found = (): unknown => ''): Promise<void> {
  for (const end = Date.now() + 60_000; !(await condition());) {
    if (Date.now() > end) throw new Error(`the condition does not hold after a minute ${JSON.stringify(found())}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export async function countsUntil(condition: (counts: Counts) => boolean): Promise<Counts> {
  let counts = await spa.counts()
  await until(
    async () => condition((counts = await spa.counts())),
    () => counts,
  )
  return counts
}

/**
 * Sets all clocks forward while no request is under way: pages and servers never disagree about an expiry. Resolves with the counts of the servers at that
 * moment.
 */
export async function passTime(ms: number): Promise<Counts> {
  const pages = context.pages()
  const now = Math.max(...(await Promise.all(pages.map((page) => page.evaluate(() => Date.now())))))
  // A busy machine takes a while to stop the clock.
  const then = now + 3000
  await context.clock.pauseAt(then)
  for (const page of pages) await until(() => page.evaluate(() => underWay === 0))
  const counts = await spa.setTime(then + ms)
  await context.clock.fastForward(ms)
  await context.clock.resume()
  return counts
}

export const rejections = (): object[] => responses.filter(({ status }) => status === 401)
export const tokenRequests = (): object[] => responses.filter(({ path }) => path === '/token')
