/**
 * @jest-environment jsdom
 */
import { TextDecoder, TextEncoder } from 'node:util'
import { createElement, act, useLayoutEffect, useSyncExternalStore, type ReactElement } from 'react'
import { createRoot } from 'react-dom/client'
import { QueryClientProvider } from '@tanstack/react-query'
import { SWRConfig } from 'swr'
import { createSSRApp, effectScope, h, isReadonly, nextTick } from 'vue'
import { createSession, memoryStore, type SignedInSnapshot } from '../../src/index.js'
import { answerTokenRequests, Api } from './helpers/network.js'

let api: Api
let tokenRequests: ReturnType<typeof answerTokenRequests>
let undo: () => void
let signIns = 0

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  api = new Api()
  tokenRequests = answerTokenRequests(() => ({ body: { access_token: 'new', token_type: 'Bearer', expires_in: 3600 } }))
  undo = tokenRequests.undo
})
afterEach(() => undo())

/** Waits until the page shows a text. */
async function shows(text: string): Promise<void> {
  for (let i = 0; i < 400 && !document.body.textContent?.includes(text); i++)
    await act(() => new Promise((resolve) => setTimeout(resolve, 5)))
  expect(document.body.textContent).toContain(text)
}

async function render(element: ReactElement): Promise<() => Promise<void>> {
  const root = createRoot(document.body.appendChild(document.createElement('div')))
  await act(async () => root.render(element))
  return () => act(async () => root.unmount())
}

const auth = async () => {
  const { api: instance, session } = await import('../../docs/recipes/code/auth.js')
  instance.defaults.adapter = api.adapter
  // A refresh token that has failed is left alone for a while, so each test has its own.
  await session.signIn({ access_token: 'old', refresh_token: `r${++signIns}` }, { user: 'alice' })
  return { instance, session }
}

describe('the recipes for pages', () => {
  it('plain React: loads for the user after one refresh, and shows nothing of the user before', async () => {
    const { session } = await auth()
    const { Profile } = await import('../../docs/recipes/code/react.js')
    const unmount = await render(createElement(Profile))
    await shows('Hello Alice')
    expect([api.tokens, tokenRequests.bodies.length]).toEqual([['Bearer old', 'Bearer new'], 1])
    api.data = { name: 'Bob' }
    await act(() => session.signIn({ access_token: 'new' }, { user: 'bob' }))
    await shows('Hello Bob')
    await act(() => session.signOut())
    await shows('Loading')
    await unmount()
  })

  it('plain React: no commit shows one user the data of another, also when the session does not know the users', async () => {
    const { session } = await auth()
    const { Profile } = await import('../../docs/recipes/code/react.js')
    api.token = 'old'
    api.data = { name: 'Alice' }
    const seen: unknown[] = []
    const Probe = () => {
      const snapshot = useSyncExternalStore(session.subscribe, session.getSnapshot)
      useLayoutEffect(() => void seen.push((snapshot as SignedInSnapshot).user, document.body.textContent))
      return null
    }
    const unmount = await render(createElement('div', {}, createElement(Profile), createElement(Probe)))
    await shows('Hello Alice')
    seen.length = 0
    api.data = { name: 'Bob' }
    await act(() => session.signIn({ access_token: 'old', refresh_token: 'b' }, { user: 'bob' }))
    await shows('Hello Bob')
    expect(seen.slice(0, 2)).toEqual(['bob', 'Loading'])
    api.data = { name: 'Carol' }
    await act(() => session.signIn({ access_token: 'old', refresh_token: 'c' }))
    await shows('Hello Carol')
    await act(() => session.signOut())
    await unmount()
  })

  it('the start page: when another user signs in without a sign-out in between, the data of that user is shown', async () => {
    // jsdom has neither, and the sign-in needs both.
    Object.assign(globalThis, { TextDecoder, TextEncoder })
    const { App } = await import('../../docs/code/react.js')
    const { api: instance, session } = await import('../../docs/code/browser.js')
    instance.defaults.adapter = api.adapter
    api.token = 'old'
    api.data = { name: 'Ann' }
    await session.signIn({ access_token: 'old', refresh_token: 'ann' })
    const unmount = await render(createElement(App))
    await shows('Hello Ann')
    api.data = { name: 'Bob' }
    await act(() => session.signIn({ access_token: 'old', refresh_token: 'bob' }))
    expect(document.body.textContent).not.toContain('Ann')
    await shows('Hello Bob')
    await act(() => session.signOut())
    await unmount()
    session.detach()
  })

  it('TanStack Query: shows data after one refresh, is cleared on sign-out, and does not retry an ended session', async () => {
    const { session } = await auth()
    const { queries, useOrders } = await import('../../docs/recipes/code/tanstack-query.js')
    api.data = ['tea']
    const Orders = () => createElement('p', {}, `orders: ${useOrders().data?.join() ?? 'none'}`)
    const unmount = await render(createElement(QueryClientProvider, { client: queries }, createElement(Orders)))
    await shows('orders: tea')
    expect(tokenRequests.bodies).toHaveLength(1)
    await unmount()
    expect(queries.getQueryData(['orders'])).toEqual(['tea'])
    await session.signOut()
    expect(queries.getQueryData(['orders'])).toBeUndefined()
  })

  it('TanStack Query: a mounted component shows the data of the next user, and none after a sign-out', async () => {
    const { session } = await auth()
    const { queries, useOrders } = await import('../../docs/recipes/code/tanstack-query.js')
    api.token = 'old'
    api.data = ['tea']
    const Orders = () => createElement('p', {}, `orders: ${useOrders().data?.join() ?? 'none'}`)
    const unmount = await render(createElement(QueryClientProvider, { client: queries }, createElement(Orders)))
    await shows('orders: tea')
    api.data = ['coffee']
    await act(async () => void (await session.signIn({ access_token: 'old', refresh_token: 'r' }, { user: 'bob' })))
    await shows('orders: coffee')
    await act(async () => void (await session.signOut()))
    await shows('orders: none')
    await unmount()
  })

  it('SWR: shows data, those of the next user after a change, and is cleared on sign-out', async () => {
    const { session } = await auth()
    const { configuration, useOrders } = await import('../../docs/recipes/code/swr.js')
    api.data = ['milk']
    // All tests share a session, and a session refreshes five times in 30 seconds.
    api.token = 'old'
    const Orders = () => createElement('p', {}, `swr: ${useOrders().data?.join() ?? 'none'}`)
    const unmount = await render(createElement(SWRConfig, { value: configuration }, createElement(Orders)))
    await shows('swr: milk')
    api.data = ['honey']
    await act(async () => void (await session.signIn({ access_token: 'old', refresh_token: 'r' }, { user: 'bob' })))
    await shows('swr: honey')
    await act(async () => void (await session.signOut()))
    await shows('swr: none')
    await unmount()
  })

  it('RTK Query: keeps data and plain errors, and is cleared when the user changes', async () => {
    const { session } = await auth()
    const { ordersApi, store } = await import('../../docs/recipes/code/rtk-query.js')
    api.data = ['rice']
    const ask = () => store.dispatch(ordersApi.endpoints.orders.initiate(undefined, { forceRefetch: true }))
    expect((await ask()).data).toEqual(['rice'])
    api.token = 'newer'
    undo()
    undo = answerTokenRequests(() => ({ status: 400, body: { error: 'invalid_client' } })).undo
    const { error } = await ask()
    expect(error).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED', retryable: false })
    await session.signIn({ access_token: 'b' }, { user: 'bob' })
    expect(Object.keys(store.getState().api.queries)).toEqual([])
    await session.signOut()
  })

  it('Vue: the ref follows the session until its scope ends', async () => {
    const { useSession } = await import('../../docs/recipes/code/vue.js')
    const session = createSession(memoryStore({ access_token: 'a' }), { refresh: false })
    const scope = effectScope()
    const snapshot = scope.run(() => useSession(session))!
    await session.tokens()
    expect([snapshot.value.status, isReadonly(snapshot)]).toEqual(['signed_in', true])
    await session.signOut()
    expect(snapshot.value.status).toBe('signed_out')
    scope.stop()
    await session.signIn({ access_token: 'b' })
    expect(snapshot.value.status).toBe('signed_out')
  })

  it('Vue: a page rendered on a server is hydrated without a mismatch, also when the session is loaded before', async () => {
    const { useSession } = await import('../../docs/recipes/code/vue.js')
    const session = createSession(memoryStore({ access_token: 'a' }), { refresh: false })
    await session.tokens()
    const page = {
      setup: () => {
        const snapshot = useSession(session)
        return () => (snapshot.value.status === 'signed_in' ? h('p', 'signed in') : null)
      },
    }
    const element = document.createElement('div')
    // A server renders null as a comment.
    element.innerHTML = '<!---->'
    const printed: string[] = []
    const { warn, error } = console
    console.warn = console.error = (text: string) => void printed.push(text)
    const app = createSSRApp(page)
    app.mount(element)
    await nextTick()
    Object.assign(console, { warn, error })
    expect([element.textContent, printed.filter((text) => text.includes('ydration '))]).toEqual(['signed in', []])
    await session.signOut()
    await nextTick()
    expect(element.textContent).toBe('')
    app.unmount()
  })

  it('hot reload: the module runs again, and each request is recovered once', async () => {
    const { connect } = await import('../../docs/recipes/code/hot-reload.js')
    const first = connect()
    first.api.defaults.adapter = api.adapter
    const second = connect(first.api)
    await second.session.signIn({ access_token: 'old', refresh_token: 'r' })
    await second.api.get('/me')
    expect([api.tokens, tokenRequests.bodies.length]).toEqual([['Bearer old', 'Bearer new'], 1])
    await second.session.signOut()
    second.session.detach()
  })

  it('WebSocket: opens with a valid token, and after a rejection with another one', async () => {
    await auth()
    const { connect } = await import('../../docs/recipes/code/websocket.js')
    const opened: { token: string; socket: { onclose?: (event: { code: number }) => void; close: () => void } }[] = []
    const closed: unknown[] = []
    const before = globalThis.WebSocket
    globalThis.WebSocket = class {
      close = (): void => void closed.push(this)
      constructor(_url: string, [, token = '']: string[]) {
        opened.push({ token, socket: this as never })
      }
    } as never
    const end = connect(() => undefined, 'wss://api.example.com/updates')
    const count = async (n: number): Promise<void> => {
      while (opened.length < n) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await count(1)
    opened[0]!.socket.onclose!({ code: 4401 })
    await count(2)
    expect(opened.map(({ token }) => token)).toEqual(['old', 'new'])
    end()
    // The first socket is closed already.
    expect(closed).toEqual([opened[1]!.socket])
    globalThis.WebSocket = before
  })
})
