import { jest } from '@jest/globals'
import axios from 'axios'
import { attachOAuth, memoryStore, type TokenStore } from '../../src/index.js'
import { webStore, type WebStoreOptions } from '../../src/stores/web.js'
import { rejection } from '../helpers/client.js'

const storages = ['localStorage', 'sessionStorage', 'indexedDB'] as const
const signal = new AbortController().signal
const set = { replacing: undefined, mode: 'set' } as const

/** Puts things on the global object for one test. */
const before = new Map<string, PropertyDescriptor | undefined>()
function given(globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals)) {
    if (!before.has(name)) before.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
  }
}
afterEach(() => {
  for (const [name, descriptor] of before) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor)
    else delete (globalThis as Record<string, unknown>)[name]
  }
  before.clear()
  jest.useRealTimers()
})

function fakeStorage(): Storage & { items: Map<string, string> } {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  } as unknown as Storage & { items: Map<string, string> }
}

describe('on a server', () => {
  it.each(storages)('a store on %s can be made and attached; the first use says what is wrong', async (storage) => {
    // Some servers have these, and all their users would share them.
    given({ localStorage: fakeStorage(), sessionStorage: fakeStorage() })
    for (const fallback of ['error', 'memory'] as const) {
      const store = webStore({ storage, fallback })
      const session = attachOAuth(axios.create({ baseURL: 'https://api.example.com' }), store, { refresh: false })
      for (const use of [
        () => store.read(),
        () => store.write({ access_token: 'at-1' }, set),
        () => store.lock!(async () => 1, signal),
      ]) {
        const error = await rejection((async () => use())())
        expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
        expect(error.message).toMatch(new RegExp(`${storage} axios-attach-oauth.*no page of a browser`))
      }
      session.detach()
    }
  })

  it('it opens no channel, which would keep the process alive', () => {
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

describe('misuse is a TypeError that names the option', () => {
  it.each([
    ['key', { key: '' }],
    ['key', { key: 7 }],
    ['storage', { storage: 'cookie' }],
    ['fallback', { fallback: true }],
    ['refresh', { refresh: 'https://login.example.com' }],
  ])('%s', (name, options) => {
    expect(() => webStore(options as unknown as WebStoreOptions)).toThrow(TypeError)
    expect(() => webStore(options as unknown as WebStoreOptions)).toThrow(new RegExp(`webStore: ${name}`))
  })
})

describe('in a page', () => {
  const inPage = (globals: Record<string, unknown> = {}): void => given({ document: {}, ...globals })

  it('keeps the token set as the JSON that it is, members that it does not know included, under its key', async () => {
    const localStorage = fakeStorage()
    inPage({ localStorage, BroadcastChannel: undefined })
    const tokens = { access_token: 'at-1', refresh_token: 'rt-1', expires_on: '1569281808', tenant: 'made-up' }
    await webStore({ key: 'mine' }).write(tokens, set)
    expect(JSON.parse(localStorage.items.get('mine') ?? '')).toEqual(tokens)
    expect(await webStore({ key: 'mine' }).read()).toEqual(tokens)
    expect(await webStore({ key: 'another' }).read()).toBeUndefined()
  })

  it('with neither Web Locks nor IndexedDB it works, only without a lock', async () => {
    inPage({ localStorage: fakeStorage(), indexedDB: undefined, navigator: {} })
    expect(await webStore().lock!(async () => 'run', signal)).toBe('run')
  })

  it('what fails under the lock is passed on as it is; a lock that fails is named', async () => {
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

  it('a lock that other code of the site has stolen is reported as lost', async () => {
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

  it('a database that never opens is given up, and the error says so', async () => {
    jest.useFakeTimers()
    inPage({ indexedDB: hanging })
    const failed = rejection(Promise.resolve(webStore({ storage: 'indexedDB' }).read()))
    await jest.advanceTimersByTimeAsync(5000)
    expect(await failed).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringMatching(/indexedDB.*doesn't answer/),
    })
  })

  it('memory takes the place of a storage that fails at the first use, never of one that has worked', async () => {
    jest.useFakeTimers()
    inPage({ indexedDB: hanging, BroadcastChannel: undefined })
    const store = webStore({ storage: 'indexedDB', fallback: 'memory' })
    const reading = store.read()
    await jest.advanceTimersByTimeAsync(5000)
    expect(await reading).toBeUndefined()
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

  it('the storage event stands in where there are no channels; of its own item only, and not after the undo', () => {
    const target = new EventTarget()
    const localStorage = fakeStorage()
    inPage({
      localStorage,
      BroadcastChannel: undefined,
      addEventListener: target.addEventListener.bind(target),
      removeEventListener: target.removeEventListener.bind(target),
    })
    let heard = 0
    const undo = webStore({ key: 'mine' }).subscribe!(() => heard++)
    const change = (key: string | null, storageArea: unknown = localStorage): void =>
      void target.dispatchEvent(Object.assign(new Event('storage'), { key, storageArea }))
    change('mine')
    change(null)
    change('another')
    change('mine', fakeStorage())
    expect(heard).toBe(2)
    undo()
    undo()
    change('mine')
    expect(heard).toBe(2)
  })

  it('a channel is open for as long as somebody listens, and tells nobody of their own writes', async () => {
    inPage({ localStorage: fakeStorage(), navigator: {}, indexedDB: undefined })
    const [mine, others]: TokenStore[] = [webStore(), webStore()]
    const heard: string[] = []
    const undo = [mine!.subscribe!(() => heard.push('mine')), others!.subscribe!(() => heard.push('others'))]
    await mine!.write({ access_token: 'at-1' }, set)
    await expectEventually(() => heard.length > 0)
    expect(heard).toEqual(['others'])
    // Node would stay alive for an open channel: this test would not end.
    for (const step of undo) step()
  })

  it('brings its refresh function along', () => {
    const refresh = async (): Promise<{ access_token: string }> => ({ access_token: 'at-2' })
    expect(webStore({ refresh }).refresh).toBe(refresh)
    expect(memoryStore()).not.toHaveProperty('refresh')
  })
})

async function expectEventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
}
