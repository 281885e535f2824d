/**
 * @jest-environment jsdom
 */
import { act, createElement, StrictMode, type FunctionComponent } from 'react'
import { createRoot } from 'react-dom/client'
import type { SessionSnapshot } from '../../src/index.js'
import { useOAuthSession } from '../../src/react/index.js'
import { fakeSession, signedIn, signedOut, type FakeSession } from './helpers/fake-session.js'

type Selector = (snapshot: SessionSnapshot) => unknown

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

let session: FakeSession
let seen: unknown[]
let unmount: () => Promise<void>
let render: () => Promise<void>

async function show(select: Selector, isStrict = false): Promise<void> {
  const Reader: FunctionComponent<{ session: FakeSession }> = (given) => {
    seen.push(useOAuthSession(given.session, (snapshot) => select(snapshot)))
    return null
  }
  const root = createRoot(document.createElement('div'))
  render = async () => {
    const reader = createElement(Reader, { session })
    await act(async () => root.render(isStrict ? createElement(StrictMode, null, reader) : reader))
  }
  unmount = () => act(async () => root.unmount())
  await render()
}
const set = (snapshot: SessionSnapshot): Promise<void> => act(async () => session.set(snapshot))

beforeEach(() => {
  session = fakeSession({ ...signedIn, expiresAt: 1 })
  seen = []
})
afterEach(() => unmount())

const expiry = (snapshot: SessionSnapshot): number => (snapshot as { expiresAt?: number }).expiresAt ?? 0
class Expiry {
  #at: number
  constructor(at: number) {
    this.#at = at
  }
  get at(): number {
    return this.#at
  }
}

describe('a component with a selector renders again when the selected value changes', () => {
  it.each<[string, Selector]>([
    ['a Date', (snapshot) => new Date(expiry(snapshot))],
    ['a Set', (snapshot) => new Set([expiry(snapshot)])],
    ['a Map', (snapshot) => new Map([['expiresAt', expiry(snapshot)]])],
    ['an instance of a class', (snapshot) => new Expiry(expiry(snapshot))],
    ['an array that becomes an object', (snapshot) => (expiry(snapshot) === 1 ? [] : {})],
    ['an array with other holes', (snapshot) => new Array(expiry(snapshot))],
    ['another name of a member', (snapshot) => (expiry(snapshot) === 1 ? { user: undefined } : { reason: undefined })],
  ])('%s', async (_what, select) => {
    await show(select)
    expect(seen).toEqual([select(session.getSnapshot())])
    await set({ ...signedIn, expiresAt: 2 })
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(select(session.getSnapshot()))
  })

  it.each<[string, Selector]>([
    ['an equal object', ({ status }) => ({ status })],
    ['an equal object without a prototype', ({ status }) => Object.assign(Object.create(null), { status })],
    ['an equal array', ({ status }) => [status, 1]],
    ['an equal text', ({ status }) => status],
  ])('and not for %s', async (_what, select) => {
    await show(select)
    await set({ ...signedIn, expiresAt: 2 })
    expect(seen).toHaveLength(1)
    await set(signedOut)
    expect(seen).toHaveLength(2)
  })
})

it.each([false, true])(
  'a selector that makes another Date each time renders once per change (StrictMode: %s)',
  async (isStrict) => {
    const times = isStrict ? 2 : 1
    await show((snapshot) => new Date(expiry(snapshot)), isStrict)
    const mounted = seen.length
    expect(mounted).toBeLessThanOrEqual(2 * times)
    await render()
    expect(seen.length - mounted).toBe(times)
    await set({ ...signedIn, expiresAt: 2 })
    expect(seen.length - mounted).toBe(2 * times)
  },
)
