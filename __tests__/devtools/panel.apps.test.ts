import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/browser/index.mjs'
import type { DevtoolsPage } from './helpers/page.js'

declare global {
  /** Exists in the browser only. */
  var devtoolsPage: DevtoolsPage
}

let browser: Browser
let server: Server
let page: Page
/** Errors and warnings of the browser, violations of the CSP included. */
let complaints: string[]
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(process.cwd(), '__tests__/devtools/helpers/page.ts')],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    write: false,
  })
  server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response
      .writeHead(200, {
        'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; require-trusted-types-for 'script'",
      })
      .end(
        isScript
          ? outputFiles[0]!.text
          : '<!doctype html><html lang="en"><title>App</title><script defer src="/page.js"></script>',
      )
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  browser = await launchChromium()
}, 60_000)
afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
})
beforeEach(async () => {
  complaints = []
  page = await browser.newPage()
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
afterEach(async () => {
  await page.close()
  expect(complaints.filter((text) => !text.includes('favicon'))).toEqual([])
})

const text = (): Promise<string> => page.locator('oauth-devtools .body').innerText()
const eventually = async (pattern: RegExp): Promise<void> =>
  void (await page.locator('oauth-devtools').filter({ hasText: pattern }).waitFor({ timeout: 5000 }))

const signIn = (): Promise<void> =>
  page.evaluate(() => {
    const now = Date.now()
    devtoolsPage.session.set({
      status: 'signed_in',
      generation: 1,
      refreshing: false,
      persisted: true,
      canRefresh: true,
      expiresAt: now + 600_000,
      user: 'alice',
    })
    devtoolsPage.session.emit({ type: 'signed_in', at: now })
  })

describe('the panel, under a CSP without unsafe-inline', () => {
  it('is styled, and shows the state and the countdown with its windows', async () => {
    await signIn()
    await eventually(/signed in, (10:00|9:5\d)/)
    expect(await text()).toContain('user alice')
    const { position, bars } = await page.evaluate(() => ({
      position: getComputedStyle(document.querySelector('oauth-devtools')!).position,
      bars: [...devtoolsPage.root()!.querySelectorAll('.life rect')].map((bar) => bar.getAttribute('class')),
    }))
    expect([position, bars]).toEqual(['fixed', ['left', 'refresh', 'blocking']])
  })

  it('draws the requests and the refresh across them, in words too', async () => {
    await signIn()
    await page.evaluate(() => devtoolsPage.burst())
    await eventually(/POST \/upload/)
    expect(await page.locator('oauth-devtools .waterfall li').allInnerTexts()).toEqual([
      expect.stringMatching(/POST \/upload\s*waited 142 ms/),
      expect.stringMatching(/GET \/items\/4\s*sent, refused, waited 162 ms/),
    ])
    expect(await page.locator('oauth-devtools .band.failed').count()).toBe(2)
  })

  it('shows the last sign-out with its cause, and keeps it over a reload', async () => {
    await page.evaluate(() => devtoolsPage.burst())
    const line = /Last: signed out [\d:]+: invalid_grant from the token endpoint, refresh started by GET \/items\/4/
    await eventually(line)
    await page.reload()
    await eventually(line)
  })

  it('expires and rejects the token through the public API', async () => {
    expect(await page.locator('oauth-devtools button:disabled').allInnerTexts()).toEqual(['Expire now', 'Reject the token'])
    await signIn()
    await page.click('text=Expire now')
    await page.click('text=Reject the token')
    await page.waitForFunction(() => devtoolsPage.session.calls.length === 2)
    const calls = await page.evaluate(() => devtoolsPage.session.calls)
    expect(calls).toEqual([
      ['signIn', expect.objectContaining({ access_token: 'secret-access' }), { user: 'alice' }],
      ['getAccessToken', { rejected: 'secret-access' }],
    ])
    expect((calls[0]![1] as { expires_at: number }).expires_at).toBeLessThan(Date.now() / 1000)
  })

  it('switches faults on and off', async () => {
    const state = (): Promise<unknown> =>
      page.evaluate(() => [devtoolsPage.faults.tokenEndpointDown, devtoolsPage.faults.offline, navigator.onLine])
    await page.click('text=Token endpoint down')
    await page.click('text=Offline')
    expect(await state()).toEqual([true, true, false])
    await page.waitForFunction(() => devtoolsPage.root()!.querySelectorAll('[aria-pressed=true]').length === 2)
    await page.click('text=Token endpoint down')
    await page.click('text=Offline')
    expect(await state()).toEqual([false, false, true])
  })

  it('contains no token', async () => {
    await signIn()
    await page.click('text=Reject the token')
    await page.evaluate(() => devtoolsPage.burst())
    await eventually(/POST \/upload/)
    expect(await page.evaluate(() => devtoolsPage.root()!.innerHTML + JSON.stringify(sessionStorage))).not.toContain('secret-')
  })

  it('leaves no listener when it is removed', async () => {
    await page.evaluate(() => devtoolsPage.undo())
    expect(await page.evaluate(() => [devtoolsPage.session.listeners(), document.querySelector('oauth-devtools')])).toEqual([
      0,
      null,
    ])
  })
})
