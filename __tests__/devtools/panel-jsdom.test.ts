/**
 * @jest-environment jsdom
 */
import { jest } from '@jest/globals'
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
