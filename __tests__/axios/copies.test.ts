import { inspect } from 'node:util'
import { reactive, readonly, shallowReactive } from '@vue/reactivity'
import axios, {
  AxiosError,
  mergeConfig,
  type AxiosInstance,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from 'axios'
import cloneDeep from 'lodash.clonedeep'
import { observable } from 'mobx'
import { attachOAuth, createSession, memoryStore, type Session, type TokenJSON } from '../../src/index.js'
import { deferred, rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'

const set = (name: string): TokenJSON => ({ access_token: name, refresh_token: `r-${name}` })

/** An instance whose adapter accepts all tokens but one, and records what arrives. */
function attach(refused?: string) {
  const sent: string[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      const token = String(config.headers.get('Authorization') ?? '').replace('Bearer ', '')
      sent.push(`${config.method} ${config.url} ${token}`.trim())
      await null
      const response = { status: token === refused ? 401 : 200, statusText: '', data: '', headers: {}, config, request: null }
      if (response.status === 200) return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
    },
  })
  let n = 1
  const session = attachOAuth(api, memoryStore(), { refresh: async () => set(`a${++n}`) as TokenJSON & { access_token: string } })
  return { api, session, sent }
}

type Copy = <Value extends object>(value: Value) => Value

/** Copies that keep functions as they are. */
const faithful: [string, Copy][] = [
  ['the same object', (value) => value],
  ['a spread copy', (value) => ({ ...value })],
  ['a deep copy by lodash', (value) => cloneDeep(value)],
  ['a reactive proxy of Vue', (value) => reactive({ value }).value as typeof value],
  ['a readonly proxy of Vue', (value) => readonly({ value }).value as typeof value],
  ['a shallow proxy of Vue', (value) => shallowReactive(value)],
  ['a deep copy of a proxy', (value) => cloneDeep(reactive({ value }).value) as typeof value],
]

const copies: [string, Copy][] = [
  ...faithful,
  ['an observable of MobX', (value) => observable({ value: { ...value } }).value as typeof value],
  ['a frozen copy', (value) => Object.freeze({ ...value })],
]

/** JSON turns functions into null. */
const withoutTransforms = { transformRequest: undefined, transformResponse: undefined }

const configCopies: [string, Copy][] = [
  ...copies,
  ['the result of mergeConfig', (value) => mergeConfig({}, value) as typeof value],
  [
    'a copy through JSON without the functions',
    (value) => JSON.parse(JSON.stringify({ ...value, ...withoutTransforms })) as typeof value,
  ],
]

describe.each(configCopies)('a config that is sent again as %s', (_what, copy) => {
  /** The config of a request of Ann, sent with a1. */
  async function sendFirst(refused?: string): Promise<ReturnType<typeof attach> & { again: () => AxiosRequestConfig }> {
    const client = attach(refused)
    await client.session.signIn(set('a1'), { user: 'ann' })
    const { config } = await client.api.get('/me', { params: { q: 1 }, headers: { 'X-Custom': 'kept' } })
    client.sent.length = 0
    return { ...client, again: () => copy(config) as AxiosRequestConfig }
  }

  it('carries the present token', async () => {
    const { api, session, sent, again } = await sendFirst()
    await session.refresh()
    const { config } = await api.request(again())
    expect(sent).toEqual(['get /me a2'])
    expect([config.headers.get('X-Custom'), config.params]).toEqual(['kept', { q: 1 }])
  })

  it('is recovered from a 401', async () => {
    const { api, session, sent, again } = await sendFirst('a2')
    await session.refresh()
    expect((await api.request(again())).status).toBe(200)
    expect(sent).toEqual(['get /me a2', 'get /me a3'])
  })

  it('is rejected after another user has signed in', async () => {
    const { api, session, sent, again } = await sendFirst()
    const config = again()
    await session.signIn(set('b1'), { user: 'ben' })
    expect(await rejection(api.request(config))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual([])
  })

  it('may be sent again after a new sign-in of the same user', async () => {
    const { api, session, sent, again } = await sendFirst()
    await session.signOut()
    await session.signIn(set('a9'), { user: 'ann' })
    await api.request(again())
    expect(sent).toEqual(['get /me a9'])
  })

  it('is never sent with the token of a session that has signed out', async () => {
    const { api, session, sent, again } = await sendFirst()
    const config = again()
    await session.signOut()
    await api.request(config).catch((error: unknown) => expect(error).toMatchObject({ code: 'OAUTH_SIGNED_OUT' }))
    expect(sent.filter((request) => request.includes('a1'))).toEqual([])
  })
})

describe.each(copies.filter(([name]) => name !== 'a frozen copy'))('the config of an error, sent again as %s', (_what, copy) => {
  it('is a new request', async () => {
    const { api, session, sent } = attach('a1')
    await session.signIn(set('a1'))
    const stop = api.interceptors.response.use(undefined, (error: AxiosError) => Promise.reject(error))
    const failed = await rejection<{ config: InternalAxiosRequestConfig }>(api.get('/me', { oauth: { recover: false } }))
    api.interceptors.response.eject(stop)
    const config = copy(failed.config)
    expect((await api.request({ ...config, oauth: undefined })).status).toBe(200)
    expect(sent).toEqual(['get /me a1', 'get /me a1', 'get /me a2'])
  })
})

describe.each(faithful.filter(([name]) => !name.includes('readonly')))(
  'an interceptor that turns the config into %s',
  (_what, copy) => {
    it('changes neither the credential nor the recovery', async () => {
      const { api, session, sent } = attach('a1')
      await session.signIn(set('a1'))
      api.interceptors.request.use((config) => copy(config))
      expect((await api.get('/me')).status).toBe(200)
      expect(sent).toEqual(['get /me a1', 'get /me a2'])
    })

    it('does not let the request pass to another user who signs in meanwhile', async () => {
      const gate = deferred()
      const { api, session, sent } = attach()
      await session.signIn(set('a1'), { user: 'ann' })
      api.interceptors.request.use((config) => gate.promise.then(() => copy(config)))
      const failed = rejection(api.get('/me'))
      await settle()
      await session.signIn(set('b1'), { user: 'ben' })
      gate.resolve()
      expect(await failed).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
      expect(sent).toEqual([])
    })
  },
)

describe.each(copies)('a session that is passed as %s', (_what, copy) => {
  const other = (): Session => createSession(memoryStore(set('other')), { refresh: false })

  it.each<[string, (session: Session) => AxiosRequestConfig]>([
    ['oauth: session', (session) => ({ oauth: session })],
    ['oauth: { session }', (session) => ({ oauth: { session } })],
    ['a copied request with oauth: { session }', (session) => copy({ oauth: { session } })],
  ])('is the session of the request: %s', async (_how, options) => {
    const { api, session, sent } = attach()
    await session.signIn(set('attached'))
    await api.get('/me', options(copy(other())))
    expect(sent).toEqual(['get /me other'])
  })

  it('may be the default of an instance', async () => {
    const { api, session, sent } = attach()
    await session.signIn(set('attached'))
    api.defaults.oauth = copy(other())
    await api.get('/me')
    expect(sent).toEqual(['get /me other'])
  })

  it('shares its state with the original', async () => {
    const session = other()
    const copied = copy(session)
    await copied.signIn(set('new'))
    expect([(await session.tokens())?.access_token, await copied.getAccessToken()]).toEqual(['new', 'new'])
    let changes = 0
    const { subscribe, getSnapshot, signOut } = copied
    const unsubscribe = subscribe(() => changes++)
    await signOut()
    unsubscribe()
    expect([changes, getSnapshot(), session.getSnapshot().status]).toEqual([1, session.getSnapshot(), 'signed_out'])
  })

  it('detaches as the original does', () => {
    const { api, session } = attach()
    copy(session).detach()
    expect((api.interceptors.request as unknown as { handlers: unknown[] }).handlers.filter(Boolean)).toEqual([])
  })
})

describe('what is no session', () => {
  it.each([{}, { tokens: () => undefined }, 'text', 1, null])(
    'rejects the request with a TypeError that names the option: %j',
    async (session) => {
      const { api, sent } = attach()
      const error = await rejection(api.get('/me', { oauth: { session: session as never } }))
      expect([error.name, error.message]).toEqual(['TypeError', expect.stringMatching(/^oauth\.session must be a session/)])
      expect(sent).toEqual([])
    },
  )
})

describe('printing', () => {
  const print = (value: unknown): string => inspect(value, { depth: 20, showHidden: false, customInspect: false })
  const secrets = /secret-/g

  it('a config shows the token in its header and nowhere else', async () => {
    const { api, session } = attach()
    await session.signIn(set('secret-a'))
    const { config } = await api.get('/me', { oauth: { session } })
    for (const value of [config, { ...config }, cloneDeep(config)]) {
      expect(print(value).match(secrets)).toHaveLength(1)
      expect(print({ ...value, headers: {} })).not.toMatch(secrets)
      expect(JSON.stringify({ ...value, headers: {} })).not.toMatch(secrets)
    }
  })

  it('a session shows no token', async () => {
    const { session } = attach()
    await session.signIn(set('secret-a'))
    const created = createSession(memoryStore(set('secret-b')), { refresh: false })
    await created.tokens()
    for (const value of [session, created, cloneDeep(session), { ...session }, session.getSnapshot()]) {
      expect(print(value)).not.toMatch(secrets)
      expect(inspect(value, { depth: 20 })).not.toMatch(secrets)
      expect(JSON.stringify(value)).not.toMatch(secrets)
    }
  })

  it('an instance with sessions in its defaults shows no token', async () => {
    const { api, session } = attach()
    await session.signIn(set('secret-a'))
    api.defaults.oauth = { session }
    await api.get('/me')
    expect(print(api.defaults)).not.toMatch(secrets)
    expect(print(api.interceptors)).not.toMatch(secrets)
  })
})

describe('a config that is sent again after the instance was attached for another user', () => {
  const instance = () => {
    const sent: string[] = []
    const api = axios.create({
      baseURL: 'https://api.example.com',
      async adapter(config) {
        sent.push(String(config.headers.get('Authorization')).replace('Bearer ', ''))
        return { status: 200, statusText: '', data: '', headers: {}, config, request: null }
      },
    })
    return { api, sent }
  }
  const attachFor = (api: AxiosInstance, user: string, tokens: TokenJSON = {}) =>
    attachOAuth(api, memoryStore({ access_token: user, ...tokens }), { refresh: false })

  it.each<[string, TokenJSON, TokenJSON, unknown[]]>([
    ['rejects', {}, {}, ['ann', 'OAUTH_SIGNED_OUT']],
    [
      'is sent if the users are known to be the same',
      { 'axios-attach-oauth': { user: 'ann' } },
      { 'axios-attach-oauth': { user: 'ann' } },
      ['ann', 'ben'],
    ],
  ])('%s', async (_what, first, second, expected) => {
    const { api, sent } = instance()
    const session = attachFor(api, 'ann', first)
    const { config } = await api.get('/x')
    session.detach()
    await attachFor(api, 'ben', second).tokens()
    const code = await api.request(config).then(
      () => undefined,
      (error: { code?: unknown }) => error.code,
    )
    expect([...sent, code].filter(Boolean)).toEqual(expected)
  })

  it.each(['the same store', 'another store of the same record'])('is sent after a hot reload with %s', async (kind) => {
    const { api, sent } = instance()
    const kept = memoryStore({ access_token: 'ann' })
    const session = attachOAuth(api, kept, { refresh: false })
    const { config } = await api.get('/x')
    session.detach()
    await attachOAuth(api, kind === 'the same store' ? kept : { ...kept }, { refresh: false }).tokens()
    await api.request(config)
    expect(sent).toEqual(['ann', 'ann'])
  })

  it('rejects through an instance of a user who is known to be another one', async () => {
    const [one, other] = [instance(), instance()]
    attachFor(one.api, 'ann', { 'axios-attach-oauth': { user: 'ann' } })
    const { config } = await one.api.get('/x')
    await attachFor(other.api, 'ben', { 'axios-attach-oauth': { user: 'ben' } }).tokens()
    expect(await rejection(other.api.request(config))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(other.sent).toEqual([])
  })

  it('rejects when another user has signed in after a sign-out and a hot reload', async () => {
    const { api, sent } = instance()
    const kept = memoryStore({ access_token: 'ann' })
    const session = attachOAuth(api, kept, { refresh: false })
    const { config } = await api.get('/x')
    await session.signOut()
    session.detach()
    await attachOAuth(api, { ...kept }, { refresh: false }).signIn({ access_token: 'ben' })
    expect(await rejection(api.request(config))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual(['ann'])
  })

  it('is sent through another instance with the token of its user', async () => {
    const [one, other] = [instance(), instance()]
    attachFor(one.api, 'ann')
    attachFor(other.api, 'ben')
    const { config } = await one.api.get('/x')
    await other.api.request(config)
    expect([...one.sent, ...other.sent]).toEqual(['ann', 'ben'])
  })

  it('is sent for a session that it names', async () => {
    const { api, sent } = instance()
    const session = attachFor(api, 'ann')
    const { config } = await api.get('/x')
    session.detach()
    attachFor(api, 'ben')
    const other = createSession(memoryStore({ access_token: 'cleo' }), { refresh: false })
    await api.request({ ...config, oauth: other })
    expect(sent).toEqual(['ann', 'cleo'])
  })
})
