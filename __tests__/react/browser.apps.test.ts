import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { launchChromium } from '../../scripts/browser/index.mjs'
import { OAuthProvider, SessionLoading, SignedIn, SignedOut } from '../../src/react/index.js'
import { fakeSession } from './helpers/fake-session.js'
import type { Scenarios } from './helpers/page.js'

declare global {
  /** Exists in the browser only. */
  var scenarios: Scenarios
}

let browser: Browser
let page: Page
/** Errors and warnings of React and the browser. */
let complaints: string[]
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(process.cwd(), '__tests__/react/helpers/page.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    // The development build of React reports misuse.
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  })
  browser = await launchChromium()
  page = await browser.newPage()
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  complaints = []
  await page.setContent('<!doctype html><title>React</title><body></body>')
  await page.addScriptTag({ content: outputFiles[0]!.text })
}, 60_000)
afterAll(() => browser.close())
beforeEach(() => (complaints = []))
afterEach(() => expect(complaints).toEqual([]))

describe('React in a real browser', () => {
  it('hydrates the markup of the server for a user who is signed in, without a mismatch, and then shows the user', async () => {
    const markup = renderToString(
      createElement(
        OAuthProvider,
        { session: fakeSession() },
        createElement(
          'main',
          null,
          createElement(SessionLoading, null, 'loading'),
          createElement(SignedIn, null, 'in'),
          createElement(SignedOut, null, 'out'),
        ),
      ),
    )
    expect(await page.evaluate((given) => scenarios.hydration(given), markup)).toEqual({
      before: 'loading',
      after: 'signed in as alice',
      errors: [],
    })
  })

  it('shows each state of the session, and an unavailable store as loading', async () => {
    expect(await page.evaluate(() => scenarios.states())).toEqual([
      'loading',
      'signed in as alice',
      'signed out: invalid_grant',
      'loading',
    ])
  })

  it('does not render for a refresh that begins and ends, only for what it brings', async () => {
    expect(await page.evaluate(() => scenarios.byDefault())).toEqual([1, 1, 1, 2])
  })

  it('renders for a refresh where a component asks for it', async () => {
    expect(await page.evaluate(() => scenarios.asked())).toEqual([1, 2, 3, 3])
  })

  it('an inline selector that returns a new object renders only when its content changes', async () => {
    expect(await page.evaluate(() => scenarios.inlineObject())).toEqual([1, 1, 1, 2])
  })

  it('a selector whose result is always new does not loop', async () => {
    expect(await page.evaluate(() => scenarios.freshArray())).toEqual([1, 2])
  })

  it('children of <SignedIn> that do not read the state are not rendered by a refresh', async () => {
    expect(await page.evaluate(() => scenarios.staticChildren())).toBe(1)
  })

  it('subscribes once for each component under StrictMode, and leaves no subscriber', async () => {
    expect(await page.evaluate(() => scenarios.strictMode())).toEqual({ text: 'signed in as alice', mounted: 3, unmounted: 0 })
  })

  it('follows the provider to another session', async () => {
    expect(await page.evaluate(() => scenarios.anotherSession())).toEqual({
      text: 'signed out: invalid_grant',
      subscribers: [0, true],
    })
  })

  it('reads a given session without a provider', async () => {
    expect(await page.evaluate(() => scenarios.withoutProvider())).toEqual(['"signed_in"', 'false'])
  })

  it('loads a real session by itself and follows its sign-out', async () => {
    expect(await page.evaluate(() => scenarios.realSession())).toEqual([
      'loading',
      'signed in as undefined',
      'signed out: requested',
    ])
  })

  it('a selector that changes between renders is the one that counts', async () => {
    expect(await page.evaluate(() => scenarios.changingSelector())).toEqual(['alice', 'read'])
  })
})
