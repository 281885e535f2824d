import { countsUntil, EXPIRED, open, passTime, present, signedIn, signedOut, signIn } from './spa-stage.js'

/** The tests of the React example that hold for every library that signs in. */
export function sharedScenarios(): void {
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
    // The sign-out ends at the page of the authorization server.
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
}
