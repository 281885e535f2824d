import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { startRecorder, storm, type Recorder } from '../../scripts/browser/index.mjs'
import { setStage, tally, until, withoutChannels, withoutLocks, type Stage } from '../helpers/browser/tabs.js'

let stage: Stage
let recorder: Recorder
beforeAll(async () => {
  stage = await setStage()
  recorder = await startRecorder(stage.servers.tokenEndpoint)
}, 60_000)
afterAll(async () => {
  await stage.close()
  await recorder.stop()
})
beforeEach(async () => {
  await stage.servers.configure({ accessTokenLifetime: 3600 })
  await stage.servers.reset()
})

const openTabs = (context: BrowserContext, count: number, settings: Record<string, string>): Promise<Page[]> =>
  Promise.all(Array.from({ length: count }, () => stage.open(context, settings)))

async function signIn(page: Page): Promise<void> {
  await page.evaluate((tokens) => app.signIn(tokens), await stage.servers.mint())
}

describe('six tabs that send requests all the time, half of which are reloaded or closed', () => {
  it.each([
    ['localStorage', { storage: 'localStorage', seconds: 4 }],
    ['localStorage without Web Locks', { storage: 'localStorage', locks: false, seconds: 3 }],
    ['IndexedDB without Web Locks', { storage: 'indexedDB', locks: false, seconds: 3 }],
  ])('take one refresh between them, and nobody notices: %s', async (_name, options) => {
    const { browser, site, servers } = stage
    const counted = await storm({ browser, site, servers, recorder, every: 200, ...options })
    // Where a tab was closed between the server's answer and the save, the successor of its token is lost: nobody could have kept that.
    expect(counted).toMatchObject({ faults: 0, early: 0, signedOut: 0, failed: 0, leftOut: 0, examples: [] })
    expect(counted.reused).toBeLessThanOrEqual(counted.died)
    expect(counted.refreshes).toBeGreaterThan(1)
    expect(counted.ended).toBeGreaterThan(3)
    expect(counted.answered).toBeGreaterThan(50)
  })
})

describe.each([
  ['localStorage', 'localStorage', []],
  ['localStorage, no Web Locks', 'localStorage', [withoutLocks]],
  ['localStorage, neither Web Locks nor channels', 'localStorage', [withoutLocks, withoutChannels]],
  ['IndexedDB', 'indexedDB', []],
  ['IndexedDB, no Web Locks', 'indexedDB', [withoutLocks]],
])('what one tab does, the others see at once, before they need it (%s)', (_name, storage, scripts) => {
  it('signing in, refreshing, signing out', async () => {
    const [first, ...others] = await openTabs(await stage.context(...scripts), 3, { storage })
    const all = [first!, ...others]
    // Nobody is signed in, and everybody knows it.
    for (const page of all) expect(await page.evaluate(() => app.get('/early'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })

    await signIn(first!)
    for (const page of others) await until(page, () => app.status().status === 'signed-in')
    const answers = await Promise.all(all.map((page) => page.evaluate(() => app.many(10))))
    expect(tally(answers.flat())).toEqual({ 200: 30 })

    const generations = await Promise.all(others.map((page) => page.evaluate(() => app.status().generation)))
    await first!.evaluate(() => app.session.refresh().then(() => undefined))
    for (const [i, page] of others.entries())
      await page.waitForFunction((before) => app.status().generation > before, generations[i]!, { polling: 20 })

    await stage.servers.refuseAccessTokens()
    const recovered = await Promise.all(all.map((page) => page.evaluate(() => app.many(20))))
    expect(tally(recovered.flat())).toEqual({ 200: 60 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 2, refreshTokensReused: 0 })

    await others[0]!.evaluate(() => app.signOut())
    for (const page of [first!, others[1]!]) {
      await until(page, () => app.status().status === 'signed-out')
      expect(await page.evaluate(() => app.status())).toMatchObject({ reason: 'elsewhere' })
      expect(await page.evaluate(() => app.get('/late'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', status: 401 })
    }
  })
})

describe('a tab and its duplicate, each with its copy of sessionStorage', () => {
  async function duplicate(page: Page): Promise<Page> {
    const opened = page.waitForEvent('popup')
    await page.evaluate(() => void window.open(location.href))
    const copy = await opened
    await until(copy, () => typeof app === 'object')
    return copy
  }

  it.each([
    ['with Web Locks', []],
    ['without', [withoutLocks]],
  ])('use the refresh token once between them (%s)', async (_name, scripts) => {
    const page = await stage.open(await stage.context(...scripts), { storage: 'sessionStorage' })
    await signIn(page)
    const copies = [page, await duplicate(page), await duplicate(page)]
    for (let round = 1; round <= 3; round++) {
      await stage.servers.refuseAccessTokens()
      const answers = await Promise.all(copies.map((copy) => copy.evaluate(() => app.many(5))))
      expect(tally(answers.flat())).toEqual({ 200: 15 })
      expect(await stage.servers.counts()).toMatchObject({ refreshGrants: round, refreshTokensReused: 0 })
    }
  })

  it('sign in and out each for itself, and share nothing with a tab that is none', async () => {
    const context = await stage.context()
    const [page, stranger] = await openTabs(context, 2, { storage: 'sessionStorage' })
    await signIn(page!)
    const copy = await duplicate(page!)
    expect(await copy.evaluate(() => app.get('/copy'))).toMatchObject({ status: 200 })
    await copy.evaluate(() => app.signOut())
    expect(await page!.evaluate(() => app.get('/page'))).toMatchObject({ status: 200 })
    await page!.evaluate(() => app.session.refresh().then(() => undefined))
    expect(await copy.evaluate(() => app.get('/copy'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    const another = await duplicate(page!)
    const before = await page!.evaluate(() => sessionStorage.getItem('axios-attach-oauth'))
    await signIn(another)
    expect(await another.evaluate(() => app.get('/another'))).toMatchObject({ status: 200 })
    expect(await page!.evaluate(() => sessionStorage.getItem('axios-attach-oauth'))).toBe(before)
    expect(await stranger!.evaluate(() => app.get('/stranger'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  })
})

describe('a holder of the lock', () => {
  /** Takes the lock in the page and keeps it until `app.release()`; resolves once it is held. */
  const hold = (page: Page): Promise<void> =>
    page.evaluate(
      () =>
        new Promise<void>((held) => {
          const state = Object.assign(app, { release: (): void => undefined, lost: undefined as AbortSignal | undefined })
          void app.store.lock!(async (lost) => {
            state.lost = lost
            held()
            await new Promise<void>((resolve) => (state.release = resolve))
          }, new AbortController().signal).catch(() => undefined)
        }),
    )
  /** What comes of waiting for the lock for so many milliseconds. */
  const take = (page: Page, patience = 20_000): Promise<string> =>
    page.evaluate(
      (ms) => app.store.lock!(async () => 'mine', AbortSignal.timeout(ms)).catch((error: Error) => error.name),
      patience,
    )
  const release = (page: Page): Promise<void> => page.evaluate(() => (app as unknown as { release(): void }).release())
  /** Stops everything in the page, its timers and messages too, until the result is called: it waits for an answer that doesn't come. */
  async function freeze(page: Page): Promise<() => Promise<void>> {
    let thaw!: () => void
    let stopped!: () => void
    const isStopped = new Promise<void>((resolve) => (stopped = resolve))
    const server = createServer((_request, response) => {
      stopped()
      thaw = () => response.writeHead(200, { 'access-control-allow-origin': '*' }).end()
    })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const frozen = page.evaluate(
      (url) => {
        const request = new XMLHttpRequest()
        request.open('GET', url, false)
        request.send()
      },
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    )
    await isStopped
    return async () => {
      thaw()
      await frozen
      server.close()
      server.closeAllConnections()
    }
  }

  it.each([
    ['with Web Locks', []],
    ['without', [withoutLocks]],
  ])(
    'keeps the others out for as long as it lives, and whoever gives up waiting is out of the way (%s)',
    async (_name, scripts) => {
      const [holder, waiter] = await openTabs(await stage.context(...scripts), 2, { storage: 'indexedDB' })
      await hold(holder!)
      const early = await waiter!.evaluate(() =>
        app.store.lock!(async () => 'mine', AbortSignal.timeout(700)).catch((error: Error) => error.name),
      )
      expect(early).toBe('TimeoutError')
      const later = take(waiter!)
      await release(holder!)
      expect(await later).toBe('mine')
    },
  )

  it.each([
    ['with Web Locks', []],
    ['without', [withoutLocks]],
  ])('that is closed leaves it free at once (%s)', async (_name, scripts) => {
    const [holder, waiter] = await openTabs(await stage.context(...scripts), 2, {})
    await hold(holder!)
    await holder!.close()
    // Sooner than a lease would run out.
    expect(await take(waiter!, 3000)).toBe('mine')
  })

  it('without Web Locks: one that has crashed loses it after a few seconds, and so does one that was frozen, whose late save is refused; one out of sight keeps it', async () => {
    const [crashed, heir] = await openTabs(await stage.context(withoutLocks), 2, { storage: 'indexedDB' })
    const [frozen, waiter] = await openTabs(await stage.context(withoutLocks), 2, { storage: 'indexedDB' })
    await frozen!.evaluate(() => app.signIn({ access_token: 'at-1', refresh_token: 'rt-1' }))
    // Browsers slow the timers of a tab out of sight down, to one call a minute.
    const slowTimers = (): void => void Object.assign(globalThis, { setInterval: () => 0 })
    const slow = await stage.context(withoutLocks)
    const rival = await stage.open(slow, { storage: 'indexedDB' })
    const outOfSight = await slow.newPage()
    await outOfSight.addInitScript(slowTimers)
    await outOfSight.goto(rival.url())
    await Promise.all([hold(crashed!), hold(frozen!), hold(outOfSight)])
    const devTools = await crashed!.context().newCDPSession(crashed!)
    devTools.send('Page.crash').catch(() => undefined)
    const thaw = await freeze(frozen!)

    try {
      const outcomes = await Promise.all([take(heir!), take(waiter!), take(rival, 6500)])
      expect(outcomes).toEqual(['mine', 'mine', 'TimeoutError'])
      await waiter!.evaluate(() =>
        app.store.write({ access_token: 'at-2', refresh_token: 'rt-2' }, { replacing: undefined, mode: 'set' }),
      )
    } finally {
      await thaw()
    }
    await until(frozen!, () => (app as unknown as { lost: AbortSignal }).lost.aborted)
    const late = await frozen!.evaluate(() =>
      app.store.write({ access_token: 'at-3' }, { replacing: { access_token: 'at-1', refresh_token: 'rt-1' }, mode: 'replace' }),
    )
    expect(late).toBe(false)
    expect(await waiter!.evaluate(() => Promise.resolve(app.store.read()))).toMatchObject({ access_token: 'at-2' })
  })
})

describe('a save', () => {
  it.each(['localStorage', 'sessionStorage', 'indexedDB'])(
    'is refused when %s no longer holds what was read',
    async (storage) => {
      const page = await stage.open(await stage.context(), { storage })
      const outcome = await page.evaluate(async () => {
        const [first, second, third] = ['1', '2', '3'].map((n) => ({ access_token: `at-${n}`, refresh_token: `rt-${n}` }))
        await app.store.write(first, { replacing: undefined, mode: 'set' })
        const replaced = await app.store.write(second, { replacing: first, mode: 'replace' })
        const refused = await app.store.write(third, { replacing: first, mode: 'replace' })
        const notDeleted = await app.store.write(undefined, { replacing: first, mode: 'replace' })
        const kept = await app.store.read()
        const deleted = await app.store.write(undefined, { replacing: second, mode: 'replace' })
        return { replaced, refused, notDeleted, kept, deleted, gone: (await app.store.read()) ?? 'nothing' }
      })
      expect(outcome).toEqual({
        replaced: true,
        refused: false,
        notDeleted: false,
        kept: { access_token: 'at-2', refresh_token: 'rt-2' },
        deleted: true,
        gone: 'nothing',
      })
    },
  )
})

describe('a storage that can not be used', () => {
  const forbidden = (): void => {
    const refuse = (): never => {
      throw new DOMException('Access is denied for this document.', 'SecurityError')
    }
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) Object.defineProperty(globalThis, name, { get: refuse })
  }
  const storages = ['localStorage', 'sessionStorage', 'indexedDB']

  it.each(storages)('%s that is forbidden: a typed error that names it and says what to do', async (storage) => {
    const page = await stage.open(await stage.context(forbidden), { storage })
    const { code, message } = await page.evaluate(() => app.get('/me'))
    expect(code).toBe('OAUTH_STORE_FAILED')
    expect(message).toContain(`${storage} axios-attach-oauth`)
    expect(message).toContain("fallback: 'memory'")
  })

  it.each(storages)('%s that is forbidden, and memory instead: all goes on, until the page is left', async (storage) => {
    const page = await stage.open(await stage.context(forbidden), { storage, fallback: 'memory' })
    await page.evaluate((tokens) => app.signIn(tokens), await stage.servers.mint())
    await stage.servers.refuseAccessTokens()
    expect(tally(await page.evaluate(() => app.many(20)))).toEqual({ 200: 20 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
    expect(await page.evaluate(() => app.status())).toMatchObject({ unpersisted: false })
    await page.reload()
    expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  })

  it('localStorage that is full: the save says so, the session goes on, and what was there stays', async () => {
    const page = await stage.open(await stage.context())
    await signIn(page)
    const before = await page.evaluate(() => {
      for (let size = 2 ** 20; size >= 1; size /= 2) {
        try {
          for (let i = 0; ; i++) localStorage.setItem(`filler-${size}-${i}`, 'x'.repeat(size))
        } catch {
          // Smaller pieces then.
        }
      }
      return localStorage.getItem('axios-attach-oauth')
    })
    const failure = await page.evaluate(() =>
      app.failure(() => app.store.write({ access_token: 'made-up'.repeat(999) }, { replacing: undefined, mode: 'set' })),
    )
    expect(failure.code).toBe('OAUTH_STORE_FAILED')
    expect(failure.message).toMatch(/localStorage axios-attach-oauth.*used up/)
    expect(failure.message).not.toContain('made-up')
    expect(await page.evaluate(() => localStorage.getItem('axios-attach-oauth'))).toBe(before)
    expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
  })

  it('IndexedDB that is full: the same', async () => {
    const page = await stage.open(await stage.context(), { storage: 'indexedDB' })
    const devTools = await page.context().newCDPSession(page)
    // Before anything is written: the browser remembers for a while how much space it has found.
    await devTools.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1 })
    const failure = await page.evaluate(() =>
      app.failure(() => app.store.write({ access_token: 'made-up'.repeat(2 ** 18) }, { replacing: undefined, mode: 'set' })),
    )
    expect(failure).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(failure.message).toMatch(/indexedDB axios-attach-oauth.*used up/)
    expect(failure.message).not.toContain('made-up')
    await signIn(page)
    expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
  })

  it.each([
    ['localStorage', '{"access_token": "at-made-up", "refre'],
    ['localStorage', '["at-made-up"]'],
    ['sessionStorage', '"at-made-up"'],
  ] as const)(
    '%s that holds something else: a typed error that does not quote it; it is left as it was',
    async (storage, content) => {
      const page = await stage.open(await stage.context(), { storage })
      await page.evaluate(([storage, content]) => window[storage].setItem('axios-attach-oauth', content), [
        storage,
        content,
      ] as const)
      const { code, message } = await page.evaluate(() => app.get('/me'))
      expect(code).toBe('OAUTH_STORE_FAILED')
      expect(message).toMatch(/no token set.*left as it was/)
      expect(message).not.toContain('made-up')
      const refused = await page.evaluate(() =>
        app.store.write({ access_token: 'at-2' }, { replacing: undefined, mode: 'replace' }),
      )
      expect(refused).toBe(false)
      expect(await page.evaluate((storage) => window[storage].getItem('axios-attach-oauth'), storage)).toBe(content)
    },
  )

  it.each(['localStorage', 'indexedDB'])(
    '%s that the user clears: everybody is signed out, and can sign in again',
    async (storage) => {
      const [page, other] = await openTabs(await stage.context(), 2, { storage })
      await signIn(page!)
      for (const tab of [page!, other!]) expect(await tab.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
      const devTools = await page!.context().newCDPSession(page!)
      await devTools.send('Storage.clearDataForOrigin', {
        origin: new URL(page!.url()).origin,
        storageTypes: 'local_storage,indexeddb',
      })
      await stage.servers.refuseAccessTokens()
      expect(await other!.evaluate(() => app.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
      await signIn(page!)
      expect(await page!.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
      await until(other!, () => app.status().status === 'signed-in')
    },
  )
})

describe('a worker', () => {
  it('shares the tokens of the pages through IndexedDB', async () => {
    const page = await stage.open(await stage.context(), { storage: 'indexedDB' })
    await signIn(page)
    await stage.servers.refuseAccessTokens()
    const outcome = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const worker = new Worker(`/page.js${location.search}`)
          worker.onmessage = ({ data }) => resolve(data)
          worker.postMessage('/from-a-worker')
        }),
    )
    expect(outcome).toMatchObject({ status: 200 })
    expect(await page.evaluate(() => app.get('/from-the-page'))).toMatchObject({ status: 200 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
  })
})
