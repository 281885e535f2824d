/**
 * @jest-environment jsdom
 */
import { act, createElement, StrictMode, useState, type FunctionComponent, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSession, memoryStore, type Session } from '../../src/index.js'
import { OAuthProvider, SignedIn } from '../../src/react/index.js'
import { fakeSession, signedIn } from './helpers/fake-session.js'

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

let session: Session
let root: ReturnType<typeof createRoot>
let element: HTMLElement
let mounts: number
beforeEach(() => {
  session = createSession(memoryStore(), { refresh: () => ({ access_token: `new${++refreshes}` }) })
  element = document.createElement('div')
  root = createRoot(element)
  mounts = 0
})
let refreshes = 0
afterEach(() => act(async () => root.unmount()))

/** Keeps what it has shown first, as a component that loads once. */
const Account: FunctionComponent<{ name: string }> = ({ name }) => {
  const [first] = useState(() => {
    mounts++
    return name
  })
  return createElement('input', { defaultValue: first })
}
let name = ''
const shown = (): string | undefined => element.querySelector('input')?.value

const render = (children: ReactNode | (() => ReactNode) = () => createElement(Account, { name })): Promise<void> =>
  act(async () => root.render(createElement(OAuthProvider, { session }, createElement(SignedIn, { children }))))
const signIn = (user: string | undefined): Promise<void> =>
  act(() => {
    name = user ?? 'unknown'
    return session.signIn({ access_token: Math.random().toString() }, user === undefined ? undefined : { user })
  })

describe('<SignedIn> when another user signs in without a sign-out in between', () => {
  it.each([
    ['named by signIn', 'ann', 'bob'],
    ['unknown', undefined, undefined],
  ])(
    'mounts its children again, so that no state of the previous user stays: users that are %s',
    async (_what, first, second) => {
      await signIn(first)
      await render()
      expect(shown()).toBe(name)
      element.querySelector('input')!.value = 'typed'
      await signIn(second)
      expect([shown(), mounts]).toEqual([name, 2])
    },
  )

  it('no commit shows the state of the previous user', async () => {
    await signIn('ann')
    await render()
    const seen: unknown[] = []
    session.subscribe(() => queueMicrotask(() => seen.push(shown())))
    session.on('user_changed', () => queueMicrotask(() => seen.push(shown())))
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false })
    name = 'bob'
    await session.signIn({ access_token: 'b' }, { user: 'bob' })
    await new Promise((resolve) => setTimeout(resolve))
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
    expect([shown(), ...new Set(seen)]).toEqual(['bob', 'bob'])
  })

  it('keeps its children through a refresh and through a second sign-in of the same user', async () => {
    await signIn('ann')
    await render()
    await act(async () => void (await session.refresh()))
    await signIn('ann')
    expect(mounts).toBe(1)
  })

  it('mounts its children again once in StrictMode, and in components that were mounted after the change', async () => {
    await signIn('ann')
    await signIn('bob')
    const content = createElement(SignedIn, { session, children: () => createElement(Account, { name }) })
    await act(async () => root.render(createElement(StrictMode, null, content)))
    const before = mounts
    await signIn('carol')
    // StrictMode calls the initializer of a state twice.
    expect([shown(), mounts - before]).toEqual(['carol', 2])
  })

  it('renders several children without a warning about keys, and a session without events', async () => {
    const errors: unknown[] = []
    const { error } = console
    console.error = (...given: unknown[]) => void errors.push(given)
    const content = createElement(SignedIn, { session: fakeSession(signedIn) }, createElement('i'), createElement('b'))
    await act(async () => root.render(content))
    console.error = error
    expect([element.innerHTML, errors]).toEqual(['<i></i><b></b>', []])
  })
})
