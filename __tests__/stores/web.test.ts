import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { jest } from '@jest/globals'
import axios from 'axios'
import { build } from 'esbuild'
import { attachOAuth, memoryStore } from '../../src/index.js'
import type { SharedTokenStore } from '../../src/shared.js'
import { webStore, type WebStoreOptions } from '../../src/stores/web.js'
import { rejection } from '../helpers/client.js'

const storages = ['localStorage', 'sessionStorage', 'indexedDB'] as const
const signal = new AbortController().signal
const set = { replacing: undefined, mode: 'set' } as const

/** Defines global properties for one test. */
const before = new Map<string, PropertyDescriptor | undefined>()
function given(globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals)) {
    if (!before.has(name)) before.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
  }
}
const inPage = (globals: Record<string, unknown> = {}): void => given({ document: {}, ...globals })
afterEach(() => {
  for (const [name, descriptor] of before) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor)
    else delete (globalThis as Record<string, unknown>)[name]
  }
  before.clear()
  jest.useRealTimers()
})

interface FakeStorage extends Storage {
  items: Map<string, string>
  /** The number of calls that read an item. */
  reads: number
}

/** A storage with room for `quota` characters, keys included. */
function fakeStorage(quota = Infinity, errorName = 'QuotaExceededError'): FakeStorage {
  const items = new Map<string, string>()
  const used = (): number => [...items].reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  const storage = {
    items,
    reads: 0,
    getItem(key: string) {
      storage.reads++
      return items.get(key) ?? null
    },
    setItem(key: string, value: string) {
      const present = items.has(key) ? key.length + items.get(key)!.length : 0
      if (used() - present + key.length + value.length > quota) throw new DOMException('exceeded the quota', errorName)
      items.set(key, value)
    },
    removeItem: (key: string) => void items.delete(key),
  }
  return storage as unknown as FakeStorage
}

/** A channel that records its messages and delivers what the test wants. */
function fakeChannels(): { sent: unknown[]; deliver(message: unknown): void; Channel: unknown } {
  const open = new Set<{ onmessage: ((event: { data: unknown }) => void) | null }>()
  const sent: unknown[] = []
  class Channel {
    onmessage = null
    constructor() {
      open.add(this)
    }
    postMessage(message: unknown): void {
      sent.push(message)
    }
    close(): void {
      open.delete(this)
    }
  }
  return { sent, Channel, deliver: (data) => open.forEach((channel) => channel.onmessage?.({ data })) }
}

describe('on a server', () => {
  it.each(storages)('a store on %s can be created and attached; the first use rejects', async (storage) => {
    // Some servers have these, and all their users would share them.
    given({ localStorage: fakeStorage(), sessionStorage: fakeStorage() })
    for (const fallback of ['error', 'memory'] as const) {
      const store = webStore({ storage, fallback })
      const session = attachOAuth(axios.create({ baseURL: 'https://api.example.com' }), store, { refresh: false })
      for (const use of [
        () => store.read(),
        () => store.write({ access_token: 'at-1' }, set),
        () => store.checkWritable!({ access_token: 'at-1' }),
        () => store.lock!(async () => 1, signal),
      ]) {
        const error = await rejection((async () => use())())
        expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
        expect(error.message).toMatch(new RegExp(`${storage} axios-attach-oauth.*needs a browser`))
      }
      session.detach()
    }
  })

  it('the store opens no channel', () => {
    const opened: string[] = []
    const Channel = class {
      onmessage = null
      constructor(name: string) {
        opened.push(name)
      }
    }
    given({ BroadcastChannel: Channel })
    for (const storage of storages) webStore({ storage }).subscribe!(() => undefined)()
    expect(opened).toEqual([])
  })
})

describe('a wrong option throws a TypeError that names the option', () => {
  it.each([
    ['key', { key: '' }],
    ['key', { key: 7 }],
    ['key', { key: 'user \ud83d' }],
    ['key', { key: '\ude00\ud83d' }],
    ['storage', { storage: 'cookie' }],
    ['fallback', { fallback: true }],
    ['refresh', { refresh: 'https://login.example.com' }],
  ])('%s: %j', (name, options) => {
    expect(() => webStore(options as unknown as WebStoreOptions)).toThrow(TypeError)
    expect(() => webStore(options as unknown as WebStoreOptions)).toThrow(new RegExp(`webStore: ${name}`))
  })

  it('a key may contain characters beyond the basic multilingual plane', () => {
    expect(webStore({ key: 'user 😀' }).name).toBe('localStorage user 😀')
  })
})

describe('in a page', () => {
  it('keeps the token set as plain JSON under its key, unknown members included', async () => {
    const localStorage = fakeStorage()
    inPage({ localStorage, BroadcastChannel: undefined })
    const tokens = { access_token: 'at-1', refresh_token: 'rt-1', expires_on: '1569281808', tenant: 'made-up' }
    await webStore({ key: 'mine' }).write(tokens, set)
    expect(JSON.parse(localStorage.items.get('mine') ?? '')).toEqual(tokens)
    expect(await webStore({ key: 'mine' }).read()).toEqual(tokens)
    expect(await webStore({ key: 'another' }).read()).toBeUndefined()
  })

  it('the place of a store is its kind, its storage and its key', () => {
    expect(webStore()).toMatchObject({ place: ['web', 'localStorage', 'axios-attach-oauth'] })
    expect(webStore({ storage: 'indexedDB', key: 'mine' })).toMatchObject({ place: ['web', 'indexedDB', 'mine'] })
  })

  it('works without a lock where the browser has neither Web Locks nor IndexedDB', async () => {
    inPage({ localStorage: fakeStorage(), indexedDB: undefined, navigator: {} })
    expect(await webStore().lock!(async () => 'run', signal)).toBe('run')
  })

  it('the names of the locks are those of earlier releases, whose pages may still be open', async () => {
    const names: string[] = []
    const request = (name: string, ...rest: unknown[]): unknown => {
      names.push(name)
      return (rest.at(-1) as () => unknown)()
    }
    inPage({ localStorage: fakeStorage(), BroadcastChannel: undefined, navigator: { locks: { request } } })
    const store = webStore({ key: 'mine' })
    await store.lock!(async () => store.write({ access_token: 'at-1' }, set), signal)
    expect(names).toEqual(['mine', 'mine:write'])
  })

  it('works with Web Locks where the platform has no MessageChannel', async () => {
    const request = (_name: string, _options: object, run: () => unknown): unknown => run()
    inPage({ localStorage: fakeStorage(), navigator: { locks: { request } }, MessageChannel: undefined })
    expect(await webStore().lock!(async () => 'run', signal)).toBe('run')
  })

  it('a failure under the lock is passed on unchanged; a failure of the lock names the store', async () => {
    inPage({
      localStorage: fakeStorage(),
      navigator: { locks: { request: (_name: string, _options: object, run: () => unknown) => run() } },
    })
    const own = new Error('own')
    expect(await rejection(webStore().lock!(() => Promise.reject(own), signal))).toBe(own)
    const refuse = (): never => {
      throw new DOMException('no', 'SecurityError')
    }
    inPage({ navigator: { locks: { request: refuse } } })
    expect(await rejection(webStore().lock!(async () => 1, signal))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringMatching(/localStorage axios-attach-oauth\) could not be locked/),
    })
  })

  it('a lock that other code of the site steals is reported as lost', async () => {
    let steal!: (reason: unknown) => void
    const request = (_name: string, _options: object, run: () => Promise<unknown>): Promise<unknown> => {
      void run()
      return new Promise((_resolve, reject) => (steal = reject))
    }
    inPage({ localStorage: fakeStorage(), navigator: { locks: { request } } })
    const aborted = new Promise<boolean>((resolve) => {
      webStore().lock!((lost) => {
        lost?.addEventListener('abort', () => resolve(true))
        steal(new DOMException('stolen', 'AbortError'))
        return new Promise(() => undefined)
      }, signal).catch(() => undefined)
    })
    expect(await aborted).toBe(true)
  })

  /** A browser whose database never opens. */
  const hanging = { open: () => ({}) }

  it('a database that never opens rejects after four seconds', async () => {
    jest.useFakeTimers()
    inPage({ indexedDB: hanging })
    const failed = rejection(Promise.resolve(webStore({ storage: 'indexedDB' }).read()))
    await jest.advanceTimersByTimeAsync(5000)
    expect(await failed).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringMatching(/indexedDB.*does not answer/),
    })
  })

  it('memory replaces a storage that fails at the first use, never one that has worked', async () => {
    jest.useFakeTimers()
    inPage({ indexedDB: hanging, BroadcastChannel: undefined })
    const store = webStore({ storage: 'indexedDB', fallback: 'memory' })
    const reading = store.read()
    await jest.advanceTimersByTimeAsync(5000)
    expect(await reading).toBeUndefined()
    await store.checkWritable!(undefined)
    expect(await store.write({ access_token: 'at-1' }, { replacing: undefined, mode: 'replace' })).toBe(true)
    expect(await store.write({ access_token: 'at-2' }, { replacing: undefined, mode: 'replace' })).toBe(false)
    expect(await store.read()).toEqual({ access_token: 'at-1' })

    inPage({ localStorage: fakeStorage() })
    const worked = webStore({ fallback: 'memory' })
    await worked.read()
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('no', 'SecurityError')
      },
    })
    expect(await rejection(Promise.resolve(worked.read()))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })

  it('memory keeps copies, also of proxies and of sets with methods', async () => {
    inPage({ localStorage: undefined, BroadcastChannel: undefined })
    const store = webStore({ fallback: 'memory' })
    const tokens = { access_token: 'at-1', expired: () => false }
    await store.write(new Proxy(tokens, {}), set)
    tokens.access_token = 'changed later'
    expect(await store.read()).toEqual({ access_token: 'at-1' })
  })

  it('brings its refresh function along', () => {
    const refresh = async (): Promise<{ access_token: string }> => ({ access_token: 'at-2' })
    expect(webStore({ refresh }).refresh).toBe(refresh)
    expect(memoryStore()).not.toHaveProperty('refresh')
  })
})

describe('notices of other tabs', () => {
  it('storage events of the own item suffice where the browser has no channels, until the undo', () => {
    const target = new EventTarget()
    const localStorage = fakeStorage()
    inPage({
      localStorage,
      BroadcastChannel: undefined,
      addEventListener: target.addEventListener.bind(target),
      removeEventListener: target.removeEventListener.bind(target),
    })
    let notices = 0
    const undo = webStore({ key: 'mine' }).subscribe!(() => notices++)
    const change = (key: string | null, storageArea: unknown = localStorage): void =>
      void target.dispatchEvent(Object.assign(new Event('storage'), { key, storageArea }))
    change('mine')
    change(null)
    change('another')
    change('mine:reserve')
    change('mine', fakeStorage())
    expect(notices).toBe(2)
    undo()
    undo()
    change('mine')
    expect(notices).toBe(2)
  })

  it('a store does not notify its own subscribers of its own writes', async () => {
    inPage({ localStorage: fakeStorage(), navigator: {}, indexedDB: undefined })
    const [mine, others]: SharedTokenStore[] = [webStore(), webStore()]
    const notified: string[] = []
    const undo = [mine!.subscribe!(() => notified.push('mine')), others!.subscribe!(() => notified.push('others'))]
    await mine!.write({ access_token: 'at-1' }, set)
    await eventually(() => notified.length > 0)
    expect(notified).toEqual(['others'])
    for (const step of undo) step()
  })

  it('thirty thousand notices read no storage, and messages of other stores are no notices', () => {
    const { Channel, deliver } = fakeChannels()
    const areas = { localStorage: fakeStorage(), sessionStorage: fakeStorage() }
    inPage({ ...areas, BroadcastChannel: Channel })
    let notices = 0
    for (const storage of ['localStorage', 'sessionStorage'] as const) webStore({ storage }).subscribe!(() => notices++)
    for (let i = 0; i < 30_000; i++) deliver('changed')
    expect(notices).toBe(30_000)
    deliver({ group: 'made-up', tokens: { access_token: 'at-1' } })
    deliver(null)
    expect(notices).toBe(30_000)
    expect([areas.localStorage.reads, areas.sessionStorage.reads]).toEqual([0, 0])
  })

  it('a process that only watches the store exits by itself, with the channels of Node and the page of jsdom', async () => {
    const program = `
      import { JSDOM } from 'jsdom'
      import { webStore } from './src/stores/web.ts'
      const { window } = new JSDOM('', { url: 'https://app.example.com/' })
      const { document, localStorage, sessionStorage } = window
      Object.assign(globalThis, { document, localStorage, sessionStorage })
      for (const storage of ['localStorage', 'sessionStorage']) {
        const store = webStore({ storage })
        store.subscribe(() => undefined)
        store.lock(async () => store.write({ access_token: 'at-1' }, { mode: 'set' }), new AbortController().signal)
      }
      process.on('exit', () => console.log(localStorage.getItem('axios-attach-oauth')))
    `
    const root = fileURLToPath(new URL('../../', import.meta.url))
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: root },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'cjs',
      write: false,
    })
    const child = spawn(process.execPath, ['--no-warnings', '-'], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: 45_000,
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.stdin.end(outputFiles[0]!.text)
    expect(await text(child.stdout)).toContain('at-1')
    expect(await ended).toBe(0)
  })
})

describe.each(['localStorage', 'sessionStorage'] as const)('a nearly full %s', (storage) => {
  const tokens = { access_token: 'at-1', refresh_token: 'rt-1' }
  const larger = { access_token: 'at-2'.repeat(20), refresh_token: 'rt-2' }
  const quota = 100_000

  /** A store whose record is written, and a storage that other code has then filled up to `room` characters. */
  async function filled(
    room: number,
    errorName?: string,
  ): Promise<{ store: SharedTokenStore; area: FakeStorage; fill(room: number): void }> {
    const area = fakeStorage(quota, errorName)
    inPage({ [storage]: area, BroadcastChannel: undefined, navigator: {}, indexedDB: undefined })
    const store = webStore({ storage })
    await store.write(tokens, set)
    const fill = (room: number): void => {
      area.items.delete('filler')
      const used = [...area.items].reduce((sum, [key, value]) => sum + key.length + value.length, 0)
      area.setItem('filler', 'x'.repeat(quota - used - room - 'filler'.length))
    }
    fill(room)
    return { store, area, fill }
  }

  it.each([0, 1, 50, 4000])('is not writable with room for %i characters, and stays as it is', async (room) => {
    const { store, area } = await filled(room)
    const items = [...area.items]
    const error = await rejection(Promise.resolve(store.checkWritable!(tokens)))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(error.message).toMatch(new RegExp(`${storage} axios-attach-oauth.*quota of this site is used up`))
    expect([...area.items]).toEqual(items)
  })

  it('is recognised by the error name of Firefox too', async () => {
    const { store } = await filled(0, 'NS_ERROR_DOM_QUOTA_REACHED')
    expect((await rejection(Promise.resolve(store.checkWritable!(tokens)))).message).toContain('used up')
  })

  it('is writable with room for a larger set, and the check leaves nothing behind', async () => {
    const { store, area } = await filled(5000)
    const items = [...area.items]
    await store.checkWritable!(tokens)
    await store.checkWritable!(undefined)
    expect([...area.items]).toEqual(items)
  })

  it('keeps room for the refreshed set under the lock, whatever other code writes meanwhile', async () => {
    const { store, area, fill } = await filled(5000)
    await store.lock!(async () => {
      await store.checkWritable!(tokens)
      fill(0)
      expect(await store.read()).toEqual(tokens)
      expect(await store.write(larger, { replacing: tokens, mode: 'replace' })).toBe(true)
    }, signal)
    expect(await store.read()).toEqual(larger)
    expect([...area.items.keys()].filter((key) => key.endsWith(':reserve'))).toEqual([])
  })

  it('gives the room back when the refresh fails', async () => {
    const { store, area } = await filled(5000)
    const items = [...area.items]
    const failing = store.lock!(async () => {
      await store.checkWritable!(tokens)
      throw new Error('the token endpoint is unavailable')
    }, signal)
    await rejection(failing)
    expect([...area.items]).toEqual(items)
  })

  it('sends no message to other tabs when it is checked', async () => {
    const { store } = await filled(5000)
    const { Channel, sent } = fakeChannels()
    inPage({ BroadcastChannel: Channel })
    store.subscribe!(() => undefined)
    await store.checkWritable!(tokens)
    expect(sent).toEqual([])
  })
})

describe('a duplicated tab', () => {
  const group = JSON.stringify({ id: 'made-up', version: 3 })

  function tab(room = Infinity): {
    store: SharedTokenStore
    area: FakeStorage
    sent: unknown[]
    deliver(message: unknown): void
  } {
    const area = fakeStorage(room)
    const { Channel, sent, deliver } = fakeChannels()
    inPage({ sessionStorage: area, BroadcastChannel: Channel, navigator: {}, indexedDB: undefined })
    area.setItem('axios-attach-oauth', '{"access_token":"at-3"}')
    area.setItem('axios-attach-oauth:group', group)
    return { store: webStore({ storage: 'sessionStorage' }), area, sent, deliver }
  }

  it('understands the records and messages of earlier releases', async () => {
    const { store, area, sent, deliver } = tab()
    let notices = 0
    store.subscribe!(() => notices++)
    deliver({ group: { id: 'another', version: 9 }, tokens: { access_token: 'at-9' } })
    deliver({ group: { id: 'made-up', version: 2 }, asks: true })
    expect(sent).toEqual([{ group: { id: 'made-up', version: 3 }, tokens: { access_token: 'at-3' } }])
    deliver({ group: { id: 'made-up', version: 4 }, tokens: { access_token: 'at-4' } })
    expect(await store.read()).toEqual({ access_token: 'at-4' })
    expect([notices, area.items.get('axios-attach-oauth:group')]).toEqual([1, '{"id":"made-up","version":4}'])
  })

  it('sends a refreshed set to its group as plain JSON', async () => {
    const { store, sent } = tab()
    const next = new Proxy({ access_token: 'at-4', expired: () => false }, {})
    await store.write(next, { replacing: { access_token: 'at-3' }, mode: 'replace' })
    expect(sent).toEqual([{ group: { id: 'made-up', version: 4 }, tokens: { access_token: 'at-4' } }])
  })

  it('signs in although there is no room for the record of its group', async () => {
    const full = 'axios-attach-oauth'.length * 2 + '{"access_token":"at-3"}:group'.length + group.length
    const { store, area } = tab(full)
    const next = { access_token: 'at-4' }
    expect(await store.write(next, set)).toBe(true)
    expect(await store.read()).toEqual(next)
    expect(area.items.has('axios-attach-oauth:group')).toBe(false)
    expect(await store.lock!(async () => 'run', signal)).toBe('run')
  })

  it('does not wait for other tabs where the platform has no channels', async () => {
    jest.useFakeTimers()
    const { store } = tab()
    inPage({ BroadcastChannel: undefined })
    store.subscribe!(() => undefined)
    expect(await store.lock!(async () => 'run', signal)).toBe('run')
  })
})

async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
}
