import { installOidcClient } from './helpers/oidc-client.js'
import {
  countsUntil,
  driveSpa,
  EXPIRED,
  open,
  passTime,
  present,
  rejections,
  signedIn,
  signIn,
  tokenRequests,
} from './helpers/spa-stage.js'
import { sharedScenarios } from './helpers/spa-scenarios.js'

let remove: () => Promise<void>
driveSpa(async () => {
  const installed = await installOidcClient()
  remove = installed.remove
  return { oidcClient: installed.bundle }
})
afterAll(() => remove?.())

describe('the React example with oidc-client-ts, in a real browser', () => {
  it('signs in with one token request under StrictMode, returns to the page, and the library keeps no token', async () => {
    const page = await open()
    await signIn(page)
    expect(page.url()).toBe(`${present().spa.page}/`)
    expect(tokenRequests()).toEqual([{ path: '/token', status: 200 }])
    expect(await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)])).toEqual([
      'axios-attach-oauth',
    ])
  })

  it('renews an expired token once for six polling queries without a single 401, and is signed in after a reload', async () => {
    const page = await open()
    await signIn(page)
    let expected = await present().spa.counts()
    for (const _round of [1, 2]) {
      const before = await passTime(EXPIRED)
      await countsUntil(({ served }) => served >= before.served + 6)
      expected = { ...expected, refreshGrants: expected.refreshGrants + 1, served: expect.any(Number) as never }
      expect(await present().spa.counts()).toEqual(expected)
    }
    await page.reload()
    await signedIn(page)
    expect(await present().spa.counts()).toEqual(expected)
    expect(rejections()).toEqual([])
  })

  sharedScenarios()

  it('shows a cancelled sign-in, and a reload afterwards shows the page', async () => {
    const page = await open()
    await page.click('button:has-text("Sign in")')
    await page.click('text=Cancel')
    await page.waitForSelector('[role=alert]:not(:empty)')
    expect(page.url()).toBe(`${present().spa.page}/`)
    await page.reload()
    await page.waitForSelector('button:has-text("Sign in")')
    expect(await page.locator('[role=alert]').innerText()).toBe('')
    await signIn(page)
  })
})
