import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  countsUntil,
  driveSpa,
  EXPIRED,
  LIFETIME,
  open,
  passTime,
  present,
  rejections,
  signedIn,
  signIn,
  tokenRequests,
} from './helpers/spa-stage.js'
import { sharedScenarios } from './helpers/spa-scenarios.js'

driveSpa()

describe('the React example, in a real browser', () => {
  it('signs in with one token request under StrictMode, and returns to the page', async () => {
    const page = await open()
    await signIn(page)
    expect(page.url()).toBe(`${present().spa.page}/`)
    expect(tokenRequests()).toEqual([{ path: '/token', status: 200 }])
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

  it('renews the token in the background before it expires, while the queries go on', async () => {
    const page = await open()
    await signIn(page)
    const before = await passTime((LIFETIME * 1000 * 9) / 10)
    const after = await countsUntil(({ refreshGrants }) => refreshGrants > before.refreshGrants)
    expect(after).toMatchObject({ refreshGrants: before.refreshGrants + 1, rejected: before.rejected })
    expect(rejections()).toEqual([])
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

  sharedScenarios()

  it('stays signed in while it is offline, and goes on afterwards', async () => {
    const page = await open()
    await signIn(page)
    const before = await present().spa.counts()
    await present().context.setOffline(true)
    await passTime(EXPIRED)
    await passTime(EXPIRED)
    expect(await page.locator('text=Sign in').count()).toBe(0)
    await present().context.setOffline(false)
    const after = await countsUntil(({ served }) => served >= before.served + 6)
    await signedIn(page)
    expect(after).toMatchObject({ refreshGrants: before.refreshGrants + 1, refreshTokensReused: 0 })
  })

  it('queries that are unmounted while they wait for the refresh are not sent, and the refresh is kept', async () => {
    const page = await open()
    await signIn(page)
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const asked = new Promise<void>((resolve) => {
      void page.route('**/token', async (route) => {
        resolve()
        await released
        await route.continue()
      })
    })
    const before = await passTime(EXPIRED)
    await asked
    await page.click('text=Hide')
    release()
    const after = await countsUntil(({ refreshGrants }) => refreshGrants > before.refreshGrants)
    await page.waitForFunction(() => document.querySelector('.light:not(.on)'))
    expect(await present().spa.counts()).toEqual({ ...after, served: before.served, refreshGrants: before.refreshGrants + 1 })
    await page.click('text=Show')
    await signedIn(page)
    expect(await countsUntil(({ served }) => served >= before.served + 6)).toMatchObject({
      refreshGrants: before.refreshGrants + 1,
    })
    expect(rejections()).toEqual([])
  })

  it('the module that attaches may be reloaded: its sessions are one, which refreshes once', async () => {
    const page = await open()
    await signIn(page)
    for (const evaluations of [2, 3]) {
      await present().spa.reloadAuth()
      await page.waitForFunction((count) => auth.evaluations === count, evaluations)
    }
    expect(await page.evaluate(() => auth.api.get('/notes').then(({ status }) => status))).toBe(200)
    const before = await passTime(EXPIRED)
    expect(await page.evaluate(() => auth.api.get('/notes').then(({ status }) => status))).toBe(200)
    const after = await countsUntil(({ served }) => served >= before.served + 7)
    expect(after).toMatchObject({ refreshGrants: before.refreshGrants + 1, rejected: before.rejected, refreshTokensReused: 0 })
    await Promise.all([page.waitForURL(/session\/end/), page.click('text=Sign out')])
    await page.goto(present().spa.page)
    await page.waitForSelector('button:has-text("Sign in")')
  })

  it('tells a cancelled sign-in in plain words', async () => {
    const page = await open()
    await page.click('button:has-text("Sign in")')
    await page.click('text=Cancel')
    await page.waitForSelector('[role=alert]:has-text("Sign-in was cancelled or not allowed.")')
  })
})

describe('axe-core finds nothing', () => {
  const sizes = { desktop: { width: 1100, height: 800 }, phone: { width: 390, height: 844 } }
  const looks = Object.entries(sizes).flatMap(([size, viewport]) =>
    (['light', 'dark'] as const).map((colorScheme) => ({ look: `${size}, ${colorScheme}`, viewport, colorScheme })),
  )
  interface Axe {
    run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
  }

  it('in the example and the panel: desktop and phone, light and dark', async () => {
    const axe = await readFile(join(process.cwd(), 'node_modules/axe-core/axe.min.js'), 'utf8')
    const page = await open()
    const found: unknown[] = []
    const check = async (view: string): Promise<void> => {
      for (const { look, viewport, colorScheme } of looks) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ colorScheme })
        const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run())
        found.push(...violations.map(({ id, nodes }) => [view, look, id, nodes.map(({ html }) => html)]))
      }
    }
    await page.waitForSelector('text=Sign in')
    await page.evaluate(axe)
    await check('the sign-in')
    await signIn(page)
    await page.evaluate(axe)
    await check('the board')
    await page.click('oauth-devtools summary')
    await page.click('text=Reject the token')
    await page.waitForSelector('oauth-devtools .waterfall li')
    await check('the panel')
    expect(found).toEqual([])
  })
})
