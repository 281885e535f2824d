/**
 * @jest-environment jsdom
 */
import { jest } from '@jest/globals'
import { httpOnlyCookies } from '../../src/cookies.js'
import { createSession, memoryStore } from '../../src/index.js'
import { defineDevtools, mountDevtools } from '../../src/devtools/index.js'

const rootOf = (): ShadowRoot => document.querySelector('oauth-devtools')!.shadowRoot!

afterEach(() => {
  jest.restoreAllMocks()
  jest.useRealTimers()
})

describe('in jsdom, which has no constructed style sheets', () => {
  it.each(['requestAnimationFrame', undefined])('the panel shows the session, with a style element (%s)', async (frames) => {
    jest.useFakeTimers()
    if (frames === undefined) Object.assign(globalThis, { requestAnimationFrame: undefined })
    const session = createSession(memoryStore({ access_token: 'made-up' }), { refresh: false })
    const unmount = mountDevtools(session, { open: true })
    await session.tokens()
    await jest.advanceTimersByTimeAsync(2000)
    expect(rootOf().querySelector('style')!.textContent).toContain(':host')
    expect(rootOf().querySelector('summary')!.textContent).toBe('OAuth: signed in, no known expiry')
    expect(rootOf().innerHTML).not.toContain('made-up')
    unmount()
    expect(document.querySelector('oauth-devtools')).toBeNull()
  })
})

describe('the buttons of the panel', () => {
  it.each([
    [
      'change the token of a session whose store holds tokens',
      { ...memoryStore(), refresh: () => null },
      ['Expire now', 'Reject the token'],
    ],
    ['are missing for a session in HttpOnly cookies', httpOnlyCookies({ refresh: () => null }), []],
  ])('%s', (_name, store, labels) => {
    const unmount = mountDevtools(createSession(store), { open: true })
    expect([...rootOf().querySelectorAll('button')].map((button) => button.textContent)).toEqual(labels)
    unmount()
  })
})

describe('misuse of mountDevtools', () => {
  const session = createSession(memoryStore(), { refresh: false })
  it.each<[unknown, unknown, string]>([
    [session, { opne: true }, 'mountDevtools: opne is unknown; known are faults, open, parent'],
    [session, { open: 1 }, 'mountDevtools: open must be true or false'],
    [session, { parent: '#x' }, 'mountDevtools: parent must be an element'],
    [session, { faults: true }, 'mountDevtools: faults must be the result of createFaults()'],
    [session, null, 'mountDevtools: the options must be an object'],
    [{ a: undefined }, {}, 'mountDevtools: a must be a session'],
    [{ a: null }, {}, 'mountDevtools: a must be a session'],
  ])('is a TypeError that names what is wrong (%#)', (sessions, options, message) => {
    expect(() => mountDevtools(sessions as never, options as never)).toThrow(new TypeError(message))
    expect(document.querySelector('oauth-devtools')).toBeNull()
  })

  it('before the body exists says what to do', () => {
    const { body } = document
    body.remove()
    try {
      expect(() => mountDevtools(session)).toThrow(
        new TypeError('mountDevtools: the page has no body yet: call it later, or pass parent'),
      )
    } finally {
      document.documentElement.append(body)
    }
  })
})

describe('on a platform without custom elements, such as React Native', () => {
  it.each([
    ['mountDevtools', () => mountDevtools(createSession(memoryStore(), { refresh: false }))],
    ['defineDevtools', () => defineDevtools()],
  ])('%s throws a TypeError that says what to use instead', (name, call) => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'customElements')!
    Reflect.deleteProperty(globalThis, 'customElements')
    try {
      expect(call).toThrow(
        new TypeError(`${name}: the panel needs a page with custom elements; elsewhere use recordHistory or printTimeline`),
      )
    } finally {
      Object.defineProperty(globalThis, 'customElements', descriptor)
    }
  })
})
