/**
 * @jest-environment jsdom
 */
import { jest } from '@jest/globals'
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { act, createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { attachOAuth, OAuthError } from '../../src/index.js'
import { OAuthProvider, SignedIn, SignedOut, useOAuthSession } from '../../src/react/index.js'
import { fakeSession, type FakeSession, type FakeSessionState } from '../../src/testing.js'

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 500; i++) await Promise.resolve()
}

it('is signed in from the first snapshot on, as the test says', () => {
  const session = fakeSession({ user: 'ann', scope: 'mail', expiresAt: 4e12, refreshing: true })
  expect(session.getSnapshot()).toEqual({
    status: 'signed_in',
    refreshing: true,
    generation: 1,
    persisted: true,
    canRefresh: true,
    expiresAt: 4e12,
    scope: 'mail',
    user: 'ann',
  })
  expect(session.getSnapshot()).toBe(session.getSnapshot())
})

it.each([
  [{ status: 'signed_out', reason: 'invalid_grant' }],
  [{ status: 'signed_out', reason: 'empty' }],
  [{ status: 'unknown' }],
  [{ status: 'unavailable', error: new OAuthError('OAUTH_TOKEN_INVALID', 'x') }],
  [{ status: 'signed_in', lastError: new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'x') }],
] as const)('shows %j, before and after a subscription and with time', async (state) => {
  const session = fakeSession(state)
  expect(session.getSnapshot()).toMatchObject(state)
  session.subscribe(() => undefined)
  await microtasks()
  expect(session.getSnapshot()).toMatchObject(state)
})

it('set calls subscribers once and listeners with the reason, synchronously', () => {
  const session = fakeSession()
  const seen: unknown[] = []
  session.subscribe(() => seen.push(session.getSnapshot().status))
  session.on('signed_out', ({ reason }) => seen.push(reason))
  session.on('user_changed', ({ type }) => seen.push(type))
  session.set({ status: 'signed_out', reason: 'elsewhere' })
  expect(seen).toEqual(['signed_out', 'elsewhere'])
  session.set({ user: 'bob' })
  expect(seen.slice(2)).toEqual(['signed_in', 'user_changed'])
  session.set({ status: 'unknown' })
  session.set({ status: 'unavailable' })
  expect(seen.slice(4)).toEqual(['unknown', 'unavailable'])
})

it('has the tokens and the errors that its documentation says', async () => {
  const session = fakeSession()
  expect(await session.tokens()).toStrictEqual({ access_token: 'fake-token-1', refresh_token: 'fake-refresh-token' })
  expect(session.store.name).toBe('fake')
  session.set({ status: 'unavailable' })
  expect(session.getSnapshot()).toStrictEqual({
    status: 'unavailable',
    refreshing: false,
    error: new OAuthError('OAUTH_STORE_FAILED', 'The token store (fake) can not be read.'),
  })
  session.set({ status: 'unknown' })
  expect(session.getSnapshot()).toStrictEqual({ status: 'unknown', refreshing: false })
})

it('keeps the error of a refresh that has failed, whatever the test sets', async () => {
  const session = fakeSession({ refresh: () => Promise.reject({ status: 401, error: 'invalid_client' }) })
  await expect(session.refresh()).rejects.toMatchObject({ code: 'OAUTH_CLIENT_REFUSED' })
  session.set({ status: 'unknown' })
  expect(session.getSnapshot()).toMatchObject({ status: 'unknown', lastError: { code: 'OAUTH_CLIENT_REFUSED' } })
})

it.each([
  [{ status: 'signed_out' }, 'requested', 'requested'],
  [{ status: 'signed_out', reason: 'empty' }, 'empty', 'requested'],
  [{ status: 'signed_out', reason: 'invalid_grant' }, 'invalid_grant', 'invalid_grant'],
] as const)('tells why it is signed out: %j', (state, shown, told) => {
  const session = fakeSession()
  const reasons: string[] = []
  session.on('signed_out', ({ reason }) => reasons.push(reason))
  session.set(state)
  expect([session.getSnapshot(), reasons]).toMatchObject([{ reason: shown }, [told]])
})

it('calls a subscriber once for each change of its own, until the undo', async () => {
  const session = fakeSession()
  let calls = 0
  const unsubscribe = session.subscribe(() => calls++)
  await session.signIn({ access_token: 'a' }, { user: 'bob' })
  await microtasks()
  expect(calls).toBe(1)
  unsubscribe()
  session.set({ status: 'signed_out' })
  expect(calls).toBe(1)
})

it('a component renders again with each state', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  const session = fakeSession({ user: 'ann' })
  const Name = (): string =>
    useOAuthSession((snapshot) => (snapshot.status === 'signed_in' ? String(snapshot.user) : snapshot.status))
  const element = document.createElement('div')
  const root = createRoot(element)
  await act(() =>
    root.render(
      createElement(
        OAuthProvider,
        { session },
        createElement(Name),
        createElement(SignedIn, null, ' in'),
        createElement(SignedOut, null, ' out'),
      ),
    ),
  )
  expect(element.textContent).toBe('ann in')
  await act(() => session.set({ status: 'signed_out' }))
  expect(element.textContent).toBe('signed_out out')
  await act(() => session.signIn({ access_token: 'a' }, { user: 'bob' }))
  expect(element.textContent).toBe('bob in')
  await act(() => root.unmount())
})

function attached(session: FakeSession) {
  const sent: unknown[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config: InternalAxiosRequestConfig) {
      await Promise.resolve()
      const token = config.headers.get('Authorization')
      sent.push(token)
      const response = { status: token === 'Bearer fake-token-1' ? 401 : 200, statusText: '', data: '', headers: {}, config }
      if (response.status === 401) throw new AxiosError('401', 'ERR_BAD_REQUEST', config, null, response)
      return response
    },
  })
  return { api, sent, instance: attachOAuth(api, session.store) }
}

it('an instance that is attached to its store recovers a 401 with another token', async () => {
  const { api, sent } = attached(fakeSession())
  expect((await api.get('/me')).status).toBe(200)
  expect(sent).toEqual(['Bearer fake-token-1', 'Bearer fake-token-2'])
})

it.each<[FakeSessionState]>([
  [{ status: 'unknown' }],
  [{ status: 'unavailable' }],
  [{ status: 'signed_out', reason: 'invalid_grant' }],
  [{ status: 'signed_out', reason: 'empty' }],
  [{ user: 'ann', refreshing: true, lastError: new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'x') }],
])('the session that attachOAuth returns shows the state of the test: %j', async (state) => {
  for (const session of [fakeSession(state), fakeSession()]) {
    const { instance } = attached(session)
    const seen: unknown[] = []
    instance.subscribe(() => seen.push(instance.getSnapshot()))
    session.set(state)
    expect(seen).toEqual([session.getSnapshot()])
    expect(instance.getSnapshot()).toBe(session.getSnapshot())
    expect(instance.getSnapshot()).toMatchObject({
      status: 'signed_in',
      ...(state as object),
      ...(state.user && { user: 'ann' }),
    })
    await microtasks()
    expect(instance.getSnapshot()).toMatchObject({ status: state.status ?? 'signed_in' })
  }
})

it('listeners of the session that attachOAuth returns get the reason that the test sets', () => {
  const session = fakeSession()
  const reasons: string[] = []
  attached(session).instance.on('signed_out', ({ reason }) => reasons.push(reason))
  session.set({ status: 'signed_out', reason: 'invalid_grant' })
  expect(reasons).toEqual(['invalid_grant'])
})

it('a subscriber may sign in while the test signs out: the session then shows the sign-in alone', async () => {
  const session = fakeSession()
  const reasons: string[] = []
  const undo = session.subscribe(() => {
    undo()
    void session.signIn({ access_token: 'again' }, { user: 'bob' })
  })
  session.on('signed_out', ({ reason }) => reasons.push(reason))
  session.set({ status: 'signed_out', reason: 'invalid_grant' })
  expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'bob' })
  expect(session.getSnapshot()).not.toHaveProperty('reason')
  expect(reasons).toEqual(['invalid_grant'])
})

it('an expiry of zero is in the past: the first request refreshes', async () => {
  const { api, sent } = attached(fakeSession({ expiresAt: 0 }))
  await api.get('/me')
  expect(sent).toEqual(['Bearer fake-token-2'])
})

it('a request of an instance that is not attached is sent for it by the option oauth', async () => {
  const { api, sent } = attached(fakeSession({ status: 'signed_out' }))
  await api.get('/me', { oauth: fakeSession({ tokens: { access_token: 'of-ann' } }) })
  await api.get('/me')
  expect(sent).toEqual(['Bearer of-ann', undefined])
})

it('a refresh that ends the session signs out, as a real one does', async () => {
  const session = fakeSession({ refresh: () => null, lastError: new OAuthError('OAUTH_INTERNAL', 'x') })
  const reasons: string[] = []
  session.on('signed_out', ({ reason }) => reasons.push(reason))
  await expect(attached(session).api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
  expect(session.getSnapshot()).toMatchObject({
    status: 'signed_out',
    reason: 'invalid_grant',
    lastError: { code: 'OAUTH_INVALID_GRANT' },
  })
  expect(reasons).toEqual(['invalid_grant'])
})

it('requests that wait while it is unknown reject when the test signs in, and later ones go out; while it is unavailable they reject', async () => {
  const unknown = fakeSession({ status: 'unknown' })
  const { api, sent } = attached(unknown)
  const waiting = api.get('/me').catch(({ code }: AxiosError) => code)
  await microtasks()
  expect(sent).toEqual([])
  unknown.set({ status: 'unknown' })
  await microtasks()
  expect(sent).toEqual([])
  unknown.set({ tokens: { access_token: 'later' } })
  expect(await waiting).toBe('OAUTH_SIGNED_OUT')
  expect((await api.get('/me')).status).toBe(200)
  expect(sent).toEqual(['Bearer later'])
  await expect(attached(fakeSession({ status: 'unavailable' })).api.get('/me')).rejects.toMatchObject({
    code: 'OAUTH_STORE_FAILED',
  })
})

it('works with fake timers, and a spy takes the place of a method', async () => {
  jest.useFakeTimers()
  const session = fakeSession()
  const signOut = jest.spyOn(session, 'signOut').mockResolvedValue({ revoked: true })
  expect(await session.signOut({ revoke: true })).toEqual({ revoked: true })
  expect(signOut).toHaveBeenCalledTimes(1)
  expect(await session.getAccessToken()).toBe('fake-token-1')
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

describe('a state that is invalid throws, and changes nothing', () => {
  it.each<[string, unknown, string]>([
    ['an access token with a space', { tokens: { access_token: 'a b' } }, 'its access_token is not a valid header value'],
    ['a list of tokens', { tokens: [] }, 'tokens must be an object'],
    ['an empty user', { user: '' }, 'user must be a non-empty string'],
    ['an expiry that is no time', { expiresAt: NaN }, 'expiresAt must be a time in epoch milliseconds'],
    ['a status that does not exist', { status: 'signedIn' }, 'status must be signed_in, signed_out, unknown, unavailable'],
    ['a member that does not exist', { usr: 'ann' }, 'usr is unknown; known are status, user'],
    ['an error of another kind', { status: 'unavailable', error: new Error('x') }, 'error must be an OAuthError'],
  ])('%s', (_what, state, message) => {
    expect(() => fakeSession(state as never)).toThrow(message)
    const session = fakeSession({ user: 'ann' })
    const before = session.getSnapshot()
    expect(() => session.set(state as never)).toThrow(message)
    expect(session.getSnapshot()).toBe(before)
  })

  it('a listener that is no function', () => {
    expect(() => fakeSession().subscribe(undefined as never)).toThrow(new TypeError('subscribe: listener must be a function'))
    expect(() => fakeSession().on('saved', undefined as never)).toThrow(new TypeError('on: listener must be a function'))
  })

  it('null is like no options', () => {
    expect(fakeSession(null as never).getSnapshot().status).toBe('signed_in')
  })
})

it.each<[string, FakeSessionState]>([
  ['signed out', { status: 'signed_out' }],
  ['unknown', { status: 'unknown' }],
])('while a session that was %s is unavailable, requests reject with the error, and later ones go out', async (_what, before) => {
  const session = fakeSession(before)
  const { api, sent } = attached(session)
  session.set({ status: 'unavailable' })
  for (let i = 0; i < 2; i++) await expect(api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  session.set({ tokens: { access_token: 'later' } })
  expect([(await api.get('/me')).status, sent]).toEqual([200, ['Bearer later']])
})

it('while a session that was signed in is unavailable, requests and its methods reject with the error', async () => {
  const session = fakeSession()
  const { api, sent } = attached(session)
  const error = new OAuthError('OAUTH_TOKEN_INVALID', 'x')
  session.set({ status: 'unavailable', error })
  await expect(api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_TOKEN_INVALID' })
  await expect(session.getAccessToken()).rejects.toBe(error)
  await expect(session.tokens()).rejects.toBe(error)
  await expect(session.refresh()).rejects.toBe(error)
  expect([sent, session.getSnapshot()]).toEqual([[], { status: 'unavailable', error, refreshing: false }])
  await session.signIn({ access_token: 'again' })
  expect([(await api.get('/me')).status, sent]).toEqual([200, ['Bearer again']])
})

it('while a session that was signed in is unknown, requests wait for the next state', async () => {
  const session = fakeSession({ user: 'ann' })
  const { api, sent } = attached(session)
  session.set({ status: 'unknown' })
  const waiting = [api.get('/me'), session.getAccessToken()]
  await microtasks()
  expect(sent).toEqual([])
  session.set({ user: 'ann', tokens: { access_token: 'later' } })
  expect(await Promise.all(waiting)).toMatchObject([{ status: 200 }, 'later'])
  expect(sent).toEqual(['Bearer later'])
})
