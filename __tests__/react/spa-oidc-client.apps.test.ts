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
  signedOut,
  signIn,
  tokenRequests,
} from './helpers/spa-stage.js'

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

  it('two tabs renew the token without sending a refresh token twice, and a sign-out in one signs the other out', async () => {
    const first = await open()
    await signIn(first)
    const second = await open()
    await signedIn(second)
    const before = await passTime(EXPIRED)
    await countsUntil(({ served }) => served >= before.served + 12)
    await second.click('text=Sign out')
    await signedOut(first)
    // The refresh token and the access token.
    const after = await countsUntil(({ revocations }) => revocations >= before.revocations + 2)
    expect(after).toMatchObject({
      refreshGrants: before.refreshGrants + 1,
      rejected: before.rejected,
      refreshTokensReused: 0,
    })
    await second.waitForURL(/session\/end/)
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
    await second.waitForURL(/session\/end/)
    await present().context.clearCookies()
    await second.goto(present().spa.page)
    await signIn(second, 'bob')
    await signedIn(first)
    await first.fill('[name=text]', 'a note of bob')
    await first.click('text=Add')
    await first.waitForSelector('b:has-text("bob")')
  })

  it('a session that is revoked at the server ends with "sign in again", and signing in works', async () => {
    const page = await open()
    await signIn(page)
    await present().spa.revoke()
    await signedOut(page)
    await page.waitForSelector('text=Your session has ended')
    await signIn(page)
  })

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
