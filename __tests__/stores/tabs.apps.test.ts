import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { startRecorder, storm, type Recorder } from '../../scripts/browser/index.mjs'
import type { App } from '../helpers/browser/page.js'
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

describe('six tabs that send requests continuously, half of which are reloaded or closed', () => {
  it.each([
    ['localStorage', { storage: 'localStorage', seconds: 4 }],
    ['localStorage without Web Locks', { storage: 'localStorage', locks: false, seconds: 3 }],
    ['IndexedDB without Web Locks', { storage: 'indexedDB', locks: false, seconds: 3 }],
  ])('refresh once for all tabs, and no request fails: %s', async (_name, options) => {
    const { browser, site, servers } = stage
    const counted = await storm({ browser, site, servers, recorder, every: 200, ...options })
    // A tab that is closed between the server's answer and the save takes the new refresh token with it.
    expect(counted).toMatchObject({ faults: 0, early: 0, signedOut: 0, failed: 0, leftOut: 0, examples: [] })
    expect(counted.reused).toBeLessThanOrEqual(counted.died)
    expect(counted.refreshes).toBeGreaterThan(1)
    expect(counted.ended).toBeGreaterThan(3)
    expect(counted.answered).toBeGreaterThanOrEqual(50)
  })
})

describe.each([
  ['localStorage', 'localStorage', []],
  ['localStorage, no Web Locks', 'localStorage', [withoutLocks]],
  ['localStorage, neither Web Locks nor channels', 'localStorage', [withoutLocks, withoutChannels]],
  ['IndexedDB', 'indexedDB', []],
  ['IndexedDB, no Web Locks', 'indexedDB', [withoutLocks]],
])('a change in one tab reaches the others before their next request (%s)', (_name, storage, scripts) => {
  it('a sign-in, a refresh and a sign-out', async () => {
    const [first, ...others] = await openTabs(await stage.context(...scripts), 3, { storage })
    const all = [first!, ...others]
    for (const page of all) expect(await page.evaluate(() => app.get('/early'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })

    await signIn(first!)
    for (const page of others) await until(page, () => app.status().status === 'signed_in')
    const answers = await Promise.all(all.map((page) => page.evaluate(() => app.many(10))))
    expect(tally(answers.flat())).toEqual({ 200: 30 })

    const generations = await Promise.all(
      others.map((page) => page.evaluate(() => (app.status() as { generation?: number }).generation)),
    )
    await first!.evaluate(() => app.session.refresh().then(() => undefined))
    for (const [i, page] of others.entries())
      await page.waitForFunction((before) => (app.status() as { generation: number }).generation > before, generations[i] ?? 0, {
        polling: 20,
      })

    await stage.servers.refuseAccessTokens()
    const recovered = await Promise.all(all.map((page) => page.evaluate(() => app.many(20))))
    expect(tally(recovered.flat())).toEqual({ 200: 60 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 2, refreshTokensReused: 0 })

    await others[0]!.evaluate(() => app.signOut())
    for (const page of [first!, others[1]!]) {
      await until(page, () => app.status().status === 'signed_out')
      expect(await page.evaluate(() => app.status())).toMatchObject({ reason: 'elsewhere' })
      expect(await page.evaluate(() => app.get('/late'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', status: 401 })
    }
  })
})

describe('a tab and its duplicates, each with a copy of sessionStorage', () => {
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
  ])('use each refresh token once (%s)', async (_name, scripts) => {
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

  it('sign in and out separately, and share nothing with other tabs', async () => {
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

describe('a tab that holds the lock', () => {
  /** Takes the lock in the page until `app.release()`. Resolves when the page has the lock. */
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
  /** Waits for the lock for `patience` milliseconds: resolves with `mine`, or with the name of the error. */
  const take = (page: Page, patience = 20_000): Promise<string> =>
    page.evaluate(
      (ms) => app.store.lock!(async () => 'mine', AbortSignal.timeout(ms)).catch((error: Error) => error.name),
      patience,
    )
  const release = (page: Page): Promise<void> => page.evaluate(() => (app as unknown as { release(): void }).release())
  /** Blocks the page, its timers and messages included, with a synchronous request until the result is called. */
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
  ])('keeps the lock while it lives, and a waiter that gives up does not delay the next one (%s)', async (_name, scripts) => {
    const [holder, waiter] = await openTabs(await stage.context(...scripts), 2, { storage: 'indexedDB' })
    await hold(holder!)
    const early = await waiter!.evaluate(() =>
      app.store.lock!(async () => 'mine', AbortSignal.timeout(700)).catch((error: Error) => error.name),
    )
    expect(early).toBe('TimeoutError')
    const later = take(waiter!)
    await release(holder!)
    expect(await later).toBe('mine')
  })

  it.each([
    ['with Web Locks', []],
    ['without', [withoutLocks]],
  ])('and is closed frees the lock, however long a lease lasts (%s)', async (_name, scripts) => {
    // No lease expires where the clock of the waiting page stands still.
    const stopClock = (): void => void Object.defineProperty(performance, 'now', { value: () => 0 })
    const [holder, waiter] = await openTabs(await stage.context(...scripts, stopClock), 2, {})
    await hold(holder!)
    await holder!.close()
    expect(await take(waiter!)).toBe('mine')
  })

  it('without Web Locks: a crashed tab and a frozen tab lose the lock after some seconds, the late save of the frozen one is refused, and a hidden tab keeps the lock', async () => {
    const [crashed, successor] = await openTabs(await stage.context(withoutLocks), 2, { storage: 'indexedDB' })
    const [frozen, waiter] = await openTabs(await stage.context(withoutLocks), 2, { storage: 'indexedDB' })
    await frozen!.evaluate(() => app.signIn({ access_token: 'at-1', refresh_token: 'rt-1' }))
    // Browsers slow the timers of a hidden tab down to one call a minute.
    const slowTimers = (): void => void Object.assign(globalThis, { setInterval: () => 0 })
    const slow = await stage.context(withoutLocks)
    const rival = await stage.open(slow, { storage: 'indexedDB' })
    const hidden = await slow.newPage()
    await hidden.addInitScript(slowTimers)
    await hidden.goto(rival.url())
    await Promise.all([hold(crashed!), hold(frozen!), hold(hidden)])
    const devTools = await crashed!.context().newCDPSession(crashed!)
    devTools.send('Page.crash').catch(() => undefined)
    const thaw = await freeze(frozen!)

    try {
      const outcomes = await Promise.all([take(successor!), take(waiter!), take(rival, 6500)])
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

describe('a refreshed set', () => {
  it.each(['localStorage', 'sessionStorage', 'indexedDB'])(
    'is not stored when %s no longer holds the set that was refreshed',
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

describe('a token set that the browser cannot clone', () => {
  it.each(['localStorage', 'sessionStorage', 'indexedDB'])('is stored in %s as plain JSON', async (storage) => {
    const page = await stage.open(await stage.context(), { storage })
    const stored = await page.evaluate(async () => {
      const tokens = { access_token: 'at-1', scope: ['read'], expired: () => false }
      await app.store.write(new Proxy(tokens, {}), { replacing: undefined, mode: 'set' })
      return app.store.read()
    })
    expect(stored).toEqual({ access_token: 'at-1', scope: ['read'] })
  })
})

describe('a storage that fails', () => {
  const deny = (): void => {
    const refuse = (): never => {
      throw new DOMException('Access is denied for this document.', 'SecurityError')
    }
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) Object.defineProperty(globalThis, name, { get: refuse })
  }
  const storages = ['localStorage', 'sessionStorage', 'indexedDB']

  it.each(storages)('a denied %s gives a typed error that names the storage and says what to do', async (storage) => {
    const page = await stage.open(await stage.context(deny), { storage })
    const { code, message } = await page.evaluate(() => app.get('/me'))
    expect(code).toBe('OAUTH_STORE_FAILED')
    expect(message).toContain(`${storage} axios-attach-oauth`)
    expect(message).toContain("fallback: 'memory'")
  })

  it.each(storages)('a denied %s with the fallback to memory works until the page is left', async (storage) => {
    const page = await stage.open(await stage.context(deny), { storage, fallback: 'memory' })
    await page.evaluate((tokens) => app.signIn(tokens), await stage.servers.mint())
    await stage.servers.refuseAccessTokens()
    expect(tally(await page.evaluate(() => app.many(20)))).toEqual({ 200: 20 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
    expect(await page.evaluate(() => app.status())).toMatchObject({ persisted: true })
    await page.reload()
    expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  })

  /** Fills the storage of the page to the last character, and resolves with the stored record. */
  const fill = (page: Page, storage: 'localStorage' | 'sessionStorage'): Promise<string | null> =>
    page.evaluate((storage) => {
      for (let size = 2 ** 20; size >= 1; size /= 2) {
        try {
          for (let i = 0; ; i++) window[storage].setItem(`filler-${size}-${i}`, 'x'.repeat(size))
        } catch {
          // Go on with half the size.
        }
      }
      return window[storage].getItem('axios-attach-oauth')
    }, storage)

  describe.each(['localStorage', 'sessionStorage'] as const)('a full %s', (storage) => {
    it('rejects a write that does not fit, keeps the record, and the session goes on', async () => {
      const page = await stage.open(await stage.context(), { storage })
      await signIn(page)
      const before = await fill(page, storage)
      const failure = await page.evaluate(() =>
        app.failure(() => app.store.write({ access_token: 'made-up'.repeat(999) }, { replacing: undefined, mode: 'set' })),
      )
      expect(failure.code).toBe('OAUTH_STORE_FAILED')
      expect(failure.message).toMatch(new RegExp(`${storage} axios-attach-oauth.*used up`))
      expect(failure.message).not.toContain('made-up')
      expect(await page.evaluate((storage) => window[storage].getItem('axios-attach-oauth'), storage)).toBe(before)
      expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
    })

    it('is known not to be writable before a token request, and no other tab notices the check', async () => {
      const context = await stage.context()
      const [page, other] = await openTabs(context, 2, { storage })
      await signIn(page!)
      await other!.evaluate(() => app.get('/other'))
      const check = (): ReturnType<App['failure']> =>
        page!.evaluate(() => app.failure(async () => app.store.checkWritable!((await app.store.read()) ?? undefined)))
      const items = (): Promise<string[]> => page!.evaluate((storage) => Object.keys(window[storage]).sort(), storage)
      await other!.evaluate(() => {
        Object.assign(app, { notices: 0 })
        app.store.subscribe!(() => void (app as unknown as { notices: number }).notices++)
      })

      const empty = await items()
      expect(await check()).toEqual({ message: 'It worked' })
      expect(await items()).toEqual(empty)
      const before = await fill(page!, storage)
      const full = await items()
      const failure = await check()
      expect(failure).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
      expect(failure.message).toMatch(/used up/)
      expect(await page!.evaluate((storage) => window[storage].getItem('axios-attach-oauth'), storage)).toBe(before)
      expect(await items()).toEqual(full)

      // Room for a record of the present size is not enough: the next set may be larger.
      const leaveRoom = (room: number): Promise<void> =>
        page!.evaluate(([storage, size]) => window[storage].setItem('filler-1048576-0', 'x'.repeat(size)), [
          storage,
          2 ** 20 - room,
        ] as const)
      await leaveRoom(before!.length)
      expect(await check()).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
      await leaveRoom(10_000)
      expect(await check()).toEqual({ message: 'It worked' })
      expect(await other!.evaluate(() => (app as unknown as { notices: number }).notices)).toBe(0)
    })

    it('keeps room for the refreshed set while the tab holds the lock', async () => {
      const page = await stage.open(await stage.context(), { storage })
      await signIn(page)
      const under = page.evaluate(
        () =>
          app.store.lock!(async () => {
            const before = (await app.store.read()) ?? undefined
            await app.store.checkWritable!(before)
            await new Promise<void>((resolve) => Object.assign(app, { resume: resolve }))
            const larger = { ...before, access_token: `${String(before!.access_token)}${'x'.repeat(2000)}` }
            return app.store.write(larger, { replacing: before, mode: 'replace' })
          }, new AbortController().signal) as Promise<unknown>,
      )
      await until(page, () => 'resume' in app)
      await fill(page, storage)
      await page.evaluate(() => (app as unknown as { resume(): void }).resume())
      expect(await under).toBe(true)
      expect(await page.evaluate((storage) => window[storage].getItem('axios-attach-oauth:reserve'), storage)).toBeNull()
    })
  })

  it('a refresh token is not spent while localStorage is full, and the next refresh after that uses it once', async () => {
    const [page, other] = await openTabs(await stage.context(), 2, {})
    await signIn(page!)
    for (const tab of [page!, other!]) expect(await tab.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
    await fill(page!, 'localStorage')
    for (const tab of [page!, other!]) {
      const failure = await tab.evaluate(() => app.failure(() => app.session.refresh()))
      expect(failure).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('used up') })
      expect(await tab.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
    }
    await stage.servers.refuseAccessTokens()
    expect(await page!.evaluate(() => app.get('/me'))).toMatchObject({ status: 401 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 0, refreshTokensReused: 0 })

    await page!.evaluate(() => localStorage.removeItem('filler-1048576-0'))
    const answers = await Promise.all([page!, other!].map((tab) => tab.evaluate(() => app.many(5))))
    expect(tally(answers.flat())).toEqual({ 200: 10 })
    expect(await stage.servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
  })

  it('a full IndexedDB rejects a write, and is known not to be writable before a token request', async () => {
    const page = await stage.open(await stage.context(), { storage: 'indexedDB' })
    const devTools = await page.context().newCDPSession(page)
    // Before the first write: the browser caches the available space for a while.
    await devTools.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1 })
    for (const kind of ['write', 'check'] as const) {
      const failure = await page.evaluate((kind) => {
        const tokens = { access_token: 'made-up'.repeat(2 ** 18) }
        return app.failure(() =>
          kind === 'check' ? app.store.checkWritable!(tokens) : app.store.write(tokens, { replacing: undefined, mode: 'set' }),
        )
      }, kind)
      expect(failure).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
      expect(failure.message).toMatch(/indexedDB axios-attach-oauth.*used up/)
      expect(failure.message).not.toContain('made-up')
    }
    await signIn(page)
    expect(await page.evaluate(() => app.get('/me'))).toMatchObject({ status: 200 })
  })

  it('the check of an IndexedDB with room changes no record', async () => {
    const page = await stage.open(await stage.context(), { storage: 'indexedDB' })
    await signIn(page)
    const outcome = await page.evaluate(async () => {
      const before = (await app.store.read()) ?? undefined
      await app.store.checkWritable!(before)
      const opened = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('axios-attach-oauth')
        request.onsuccess = () => resolve(request.result)
      })
      const keys = await new Promise((resolve) => {
        const request = opened.transaction('tokens').objectStore('tokens').getAllKeys()
        request.onsuccess = () => resolve(request.result)
      })
      return { keys, same: JSON.stringify(before) === JSON.stringify(await app.store.read()) }
    })
    expect(outcome).toEqual({ keys: ['tokens'], same: true })
  })

  it.each([
    ['localStorage', '{"access_token": "at-made-up", "refre'],
    ['localStorage', '["at-made-up"]'],
    ['sessionStorage', '"at-made-up"'],
  ] as const)(
    '%s with a record that is not a token set gives a typed error without the record, which stays as it is',
    async (storage, content) => {
      const page = await stage.open(await stage.context(), { storage })
      await page.evaluate(([storage, content]) => window[storage].setItem('axios-attach-oauth', content), [
        storage,
        content,
      ] as const)
      const { code, message } = await page.evaluate(() => app.get('/me'))
      expect(code).toBe('OAUTH_STORE_FAILED')
      expect(message).toMatch(/not a token set.*left as it was/)
      expect(message).not.toContain('made-up')
      const refused = await page.evaluate(() =>
        app.store.write({ access_token: 'at-2' }, { replacing: undefined, mode: 'replace' }),
      )
      expect(refused).toBe(false)
      expect(await page.evaluate((storage) => window[storage].getItem('axios-attach-oauth'), storage)).toBe(content)
    },
  )

  it.each(['localStorage', 'indexedDB'])(
    '%s that the user clears signs all tabs out, and a new sign-in works',
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
      await until(other!, () => app.status().status === 'signed_in')
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
