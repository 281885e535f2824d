/**
 * @jest-environment jsdom
 */
import { createSession, type Session } from '../../src/index.js'
import { webStore } from '../../src/stores/web.js'

const refresh = async (): Promise<{ access_token: string }> => ({ access_token: 'refreshed' })
const previous = { access_token: 'at-ann', refresh_token: 'rt-ann' }
const next = { access_token: 'at-bob'.repeat(100), refresh_token: 'rt-bob' }
const stored = (area: Storage): string => area.getItem('axios-attach-oauth') ?? 'nothing'

const area = {
  localStorage: () => window.localStorage,
  sessionStorage: () => window.sessionStorage,
}
function fill(storage: Storage): void {
  const used = Object.entries({ ...storage }).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0)
  storage.setItem('filler', 'x'.repeat(5_000_000 - used - 'filler'.length - 20))
}
/** Waits for the microtasks and the turns of the event loop that reads of the store take. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve))
}

afterEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})

describe.each(['localStorage', 'sessionStorage'] as const)('a sign-in that finds no room in %s', (storage) => {
  let session: Session
  beforeEach(async () => {
    session = createSession(webStore({ storage }), { refresh })
    await session.signIn(previous, { user: 'ann' })
    fill(area[storage]())
    await session.signIn(next, { user: 'bob' })
  })

  it('leaves the stored set as it was, and the snapshot says so', async () => {
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'bob', persisted: false })
    expect(stored(area[storage]())).toContain('at-ann')
  })

  it('stays signed in in this page, and is saved once there is room', async () => {
    const unsubscribe = session.subscribe(() => undefined)
    const key = 'axios-attach-oauth'
    window.dispatchEvent(new StorageEvent('storage', { key, storageArea: area[storage]() }))
    await turns()
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'bob', persisted: false })
    area[storage]().removeItem('filler')
    expect(await session.close()).toEqual({ persisted: true })
    expect(stored(area[storage]())).toContain('at-bob')
    unsubscribe()
  })
})

it('a refresh that finds no room leaves the stored set as it is', async () => {
  const store = webStore()
  await store.write(previous, { replacing: undefined, mode: 'set' })
  fill(localStorage)
  await expect(store.write(next, { replacing: previous, mode: 'replace' })).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  expect(await store.read()).toEqual(previous)
})

it('a page whose storage the browser denies later gets no uncaught error at a storage event, and the next read reports it', async () => {
  const store = webStore()
  let notices = 0
  const undo = store.subscribe!(() => notices++)
  const event = new StorageEvent('storage', { key: 'axios-attach-oauth', storageArea: localStorage })
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')!
  const uncaught: unknown[] = []
  const report = (thrown: ErrorEvent): void => {
    uncaught.push(thrown.error)
    thrown.preventDefault()
  }
  window.addEventListener('error', report)
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get: () => {
      throw new DOMException('denied', 'SecurityError')
    },
  })
  try {
    window.dispatchEvent(event)
    expect([uncaught, notices]).toEqual([[], 1])
    await expect(store.read()).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  } finally {
    Object.defineProperty(globalThis, 'localStorage', descriptor)
    window.removeEventListener('error', report)
    undo()
  }
})
