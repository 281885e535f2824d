/**
 * @jest-environment jsdom
 */
import { jest } from '@jest/globals'
import axios, { AxiosError, type AxiosAdapter } from 'axios'
import { attachOAuth } from '../../src/index.js'
import { webStore } from '../../src/stores/web.js'

const set = { replacing: undefined, mode: 'set' } as const
const signal = new AbortController().signal
const tokens = { access_token: 'at-1', refresh_token: 'rt-1' }

afterEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  jest.useRealTimers()
})

it('jsdom lacks what the store must not need', () => {
  const missing = ['structuredClone', 'BroadcastChannel', 'MessageChannel', 'indexedDB'].filter((name) => name in globalThis)
  expect([missing, 'locks' in navigator]).toEqual([[], false])
})

describe.each(['localStorage', 'sessionStorage'] as const)('in jsdom, a store on %s', (storage) => {
  it('replaces the text null, which an older application may have left', async () => {
    window[storage].setItem('axios-attach-oauth', 'null')
    const store = webStore({ storage })
    expect(await store.read()).toBeUndefined()
    expect(await store.write(tokens, { replacing: undefined, mode: 'replace' })).toBe(true)
    expect(await store.read()).toEqual(tokens)
  })

  it('reads, compares, writes, locks and removes, with fake timers too', async () => {
    jest.useFakeTimers()
    const store = webStore({ storage })
    const undo = store.subscribe!(() => undefined)
    expect(await store.read()).toBeUndefined()
    await store.write(tokens, set)
    const next = { access_token: 'at-2', refresh_token: 'rt-2' }
    const outcome = await store.lock!(async () => {
      await store.checkWritable!(tokens)
      const refused = await store.write(next, { replacing: next, mode: 'replace' })
      return [refused, await store.write(next, { replacing: tokens, mode: 'replace' })]
    }, signal)
    expect(outcome).toEqual([false, true])
    expect(JSON.parse(window[storage].getItem('axios-attach-oauth') ?? '')).toEqual(next)
    await store.write(undefined, set)
    expect([await store.read(), window[storage].length]).toEqual([undefined, 0])
    undo()
  })

  it('knows before a token request that its storage is full', async () => {
    const store = webStore({ storage })
    await store.write(tokens, set)
    await store.checkWritable!(tokens)
    const used = Object.entries({ ...window[storage] }).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0)
    window[storage].setItem('filler', 'x'.repeat(5_000_000 - used - 'filler'.length - 100))
    await expect(store.checkWritable!(tokens)).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(await store.read()).toEqual(tokens)
    expect(window[storage]).toHaveLength(storage === 'localStorage' ? 2 : 3)
  })
})

it('in jsdom, a change of the item by another window is a notice', () => {
  let notices = 0
  const undo = webStore().subscribe!(() => notices++)
  const event = (key: string): StorageEvent => new StorageEvent('storage', { key, storageArea: localStorage })
  window.dispatchEvent(event('axios-attach-oauth'))
  window.dispatchEvent(event('another'))
  undo()
  window.dispatchEvent(event('axios-attach-oauth'))
  expect(notices).toBe(1)
})

it('in jsdom, a store on IndexedDB rejects with what is missing, or falls back to memory', async () => {
  await expect(webStore({ storage: 'indexedDB' }).read()).rejects.toMatchObject({
    code: 'OAUTH_STORE_FAILED',
    message: expect.stringMatching(/indexedDB axios-attach-oauth.*has no such storage.*fallback: 'memory'/),
  })
  const store = webStore({ storage: 'indexedDB', fallback: 'memory' })
  await store.write(tokens, set)
  expect(await store.read()).toEqual(tokens)
})

it('in jsdom, a hundred 401s lead to one refresh, and the refreshed set is stored', async () => {
  const adapter: AxiosAdapter = async (config) => {
    const status = config.headers.get('Authorization') === 'Bearer at-2' ? 200 : 401
    const response = { status, statusText: '', data: '', headers: {}, config }
    if (status === 200) return response
    throw new AxiosError('refused', AxiosError.ERR_BAD_REQUEST, config, null, response)
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  let refreshes = 0
  const refresh = async (): Promise<{ access_token: string; refresh_token: string }> => {
    refreshes++
    return { access_token: 'at-2', refresh_token: 'rt-2' }
  }
  const session = attachOAuth(api, webStore(), { refresh })
  session.subscribe(() => undefined)
  await session.signIn({ ...tokens, expires_in: 3600 })
  const responses = await Promise.all(Array.from({ length: 100 }, () => api.get('/me')))
  expect([responses.length, refreshes]).toEqual([100, 1])
  expect(localStorage.getItem('axios-attach-oauth')).toContain('rt-2')
  await session.signOut()
  expect(localStorage.getItem('axios-attach-oauth')).toBeNull()
  session.detach()
})
