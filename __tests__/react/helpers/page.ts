// Runs React in a real browser. Each scenario renders into a container of its own and returns what the test compares.
import { createElement, StrictMode, type FunctionComponent, type ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { createSession, memoryStore } from '../../../src/index.js'
import { OAuthProvider, SessionLoading, SignedIn, SignedOut, useOAuthSession } from '../../../src/react/index.js'
import { fakeSession, signedIn, signedOut, type FakeSession } from './fake-session.js'

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30))

/** Hydration and loading take as long as the machine needs. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !condition() && Date.now() < end;) await settle()
}

export const Page: FunctionComponent = () =>
  createElement(
    'main',
    null,
    createElement(SessionLoading, null, 'loading'),
    createElement(SignedIn, { children: ({ user }) => `signed in as ${user}` }),
    createElement(SignedOut, { children: ({ reason }) => `signed out: ${reason}` }),
  )

interface Stage {
  text(): string | null
  root: Root
  unmount(): void
}
function show(node: ReactNode): Stage {
  const container = document.body.appendChild(document.createElement('div'))
  const root = createRoot(container)
  flushSync(() => root.render(node))
  return { text: () => container.textContent, root, unmount: () => flushSync(() => root.unmount()) }
}
const provide = (session: FakeSession, ...children: ReactNode[]): ReactNode =>
  createElement(OAuthProvider, { session }, ...children)

/** A component that counts its renders. */
function counting(useValue: () => unknown): { component: FunctionComponent; renders: () => number } {
  let renders = 0
  const component: FunctionComponent = () => {
    renders++
    return JSON.stringify(useValue())
  }
  return { component, renders: () => renders }
}

async function rendersFor(useValue: () => unknown, ...changes: Parameters<FakeSession['set']>[0][]): Promise<number[]> {
  const session = fakeSession(signedIn)
  const { component, renders } = counting(useValue)
  show(provide(session, createElement(component)))
  await settle()
  const counts = [renders()]
  for (const change of changes) {
    session.set(change)
    await settle()
    counts.push(renders())
  }
  return counts
}

const refreshing = { ...signedIn, refreshing: true }
const renewed = { ...signedIn, generation: 2 }

const scenarios = {
  async hydration(markup: string) {
    const container = document.body.appendChild(document.createElement('div'))
    container.innerHTML = markup
    const before = container.textContent
    const errors: string[] = []
    hydrateRoot(container, provide(fakeSession(signedIn), createElement(Page)), {
      onRecoverableError: (error) => errors.push(String(error)),
    })
    await until(() => container.textContent !== before)
    return { before, after: container.textContent, errors }
  },

  async states() {
    const session = fakeSession()
    const stage = show(provide(session, createElement(Page)))
    const seen = [stage.text()]
    for (const snapshot of [
      signedIn,
      signedOut,
      { status: 'unavailable', refreshing: false, error: new Error('down') as never } as const,
    ]) {
      session.set(snapshot)
      await settle()
      seen.push(stage.text())
    }
    return seen
  },

  byDefault: () => rendersFor(() => useOAuthSession(), refreshing, signedIn, renewed),
  asked: () => rendersFor(() => useOAuthSession(({ refreshing }) => refreshing), refreshing, signedIn, renewed),
  inlineObject: () => rendersFor(() => useOAuthSession(({ status }) => ({ status })), refreshing, renewed, signedOut),
  freshArray: () => rendersFor(() => useOAuthSession(({ status }) => [[status]]), signedOut),

  async staticChildren() {
    const session = fakeSession(signedIn)
    const { component, renders } = counting(() => 'child')
    show(provide(session, createElement(SignedIn, null, createElement(component))))
    session.set(renewed)
    await settle()
    return renders()
  },

  async strictMode() {
    const session = fakeSession(signedIn)
    const stage = show(createElement(StrictMode, null, provide(session, createElement(Page))))
    await settle()
    const mounted = session.subscribers()
    const text = stage.text()
    stage.unmount()
    return { text, mounted, unmounted: session.subscribers() }
  },

  async anotherSession() {
    const [first, second] = [fakeSession(signedIn), fakeSession(signedOut)] as const
    const stage = show(provide(first, createElement(Page)))
    flushSync(() => stage.root.render(provide(second, createElement(Page))))
    first.set(renewed)
    await settle()
    return { text: stage.text(), subscribers: [first.subscribers(), second.subscribers() > 0] }
  },

  async withoutProvider() {
    const session = fakeSession(signedIn)
    const { component } = counting(() => useOAuthSession(session, ({ status }) => status))
    const { component: whole } = counting(() => Object.keys(useOAuthSession(session)).includes('refreshing'))
    return [show(createElement(component)).text(), show(createElement(whole)).text()]
  },

  async realSession() {
    const session = createSession(memoryStore({ access_token: 'made-up', expires_in: 3600 }), { refresh: false })
    const stage = show(createElement(StrictMode, null, createElement(OAuthProvider, { session }, createElement(Page))))
    const seen = [stage.text()]
    await until(() => stage.text() !== 'loading')
    seen.push(stage.text())
    await session.signOut()
    await until(() => stage.text() !== seen[1])
    return [...seen, stage.text()]
  },

  async changingSelector() {
    const session = fakeSession({ ...signedIn, scope: 'read' })
    const Field: FunctionComponent<{ name: 'user' | 'scope' }> = ({ name }) =>
      useOAuthSession((snapshot) => (snapshot.status === 'signed_in' ? snapshot[name] : undefined))
    const stage = show(provide(session, createElement(Field, { name: 'user' })))
    const before = stage.text()
    flushSync(() => stage.root.render(provide(session, createElement(Field, { name: 'scope' }))))
    return [before, stage.text()]
  },
}
export type Scenarios = typeof scenarios
Object.assign(globalThis, { scenarios })
