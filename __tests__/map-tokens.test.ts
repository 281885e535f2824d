import { jest } from '@jest/globals'
import { createSession, memoryStore } from '../src/index.js'
import { mapTokens } from '../src/map-tokens.js'
import { mergeTokenResponse, parseStoredTokens } from '../src/tokens.js'
import type { RefreshContext, TokenJSON, TokenStore, WriteContext } from '../src/types.js'

const now = Date.UTC(2026, 0, 2)
const context: RefreshContext = { signal: new AbortController().signal, reason: 'expired', reportDate: () => undefined }
const refreshed = async (answer: unknown): Promise<unknown> => mapTokens().refresh(() => answer)(undefined, context)

describe('mapping what a refresh function resolves with', () => {
  it.each<[string, unknown, object]>([
    [
      'camelCase of an own backend',
      { accessToken: 'a', refreshToken: 'r', expiresIn: 60, idToken: 'i', tokenType: 'Bearer', scopes: ['x'], user: { id: 1 } },
      {
        access_token: 'a',
        refresh_token: 'r',
        expires_in: 60,
        id_token: 'i',
        token_type: 'Bearer',
        scope: ['x'],
        user: { id: 1 },
      },
    ],
    [
      'MSAL',
      { accessToken: 'a', expiresOn: new Date(now), scopes: ['x'], account: { name: 'n' }, fromCache: false, idToken: '' },
      {
        access_token: 'a',
        expires_on: '2026-01-02T00:00:00.000Z',
        scope: ['x'],
        account: { name: 'n' },
        fromCache: false,
        id_token: '',
      },
    ],
    ['@azure/identity', { token: 'a', expiresOnTimestamp: now }, { access_token: 'a', expiry_date: now }],
    ['a set nested in data', { data: { accessToken: 'a', expiresAt: now }, ok: true }, { access_token: 'a', expires_at: now }],
    ['a set nested in token', { token: { accessToken: 'a' } }, { access_token: 'a' }],
    [
      'Supabase',
      { data: { session: { access_token: 'a', refresh_token: 'r', expires_at: 5, user: {} }, user: {} }, error: null },
      { access_token: 'a', refresh_token: 'r', expires_at: 5, user: {} },
    ],
    ['a set that needs no mapping', { access_token: 'a', expires_in: 60 }, { access_token: 'a', expires_in: 60 }],
    [
      'an error',
      { data: null, error: { code: 'refresh_token_not_found' } },
      { data: null, error: { code: 'refresh_token_not_found' } },
    ],
    ['an empty object', {}, {}],
    [
      'a filled member beside an empty one of another spelling',
      { accessToken: null, access_token: 'a', refreshToken: '', refresh_token: 'r' },
      { access_token: 'a', refresh_token: 'r' },
    ],
    [
      'a CSRF token beside a nested set',
      { token: 'csrf', data: { accessToken: 'a', refreshToken: 'r' } },
      { access_token: 'a', refresh_token: 'r' },
    ],
    [
      'a set beside the set of another session',
      { token: 'a', refreshToken: 'r', session: { accessToken: 'x' } },
      { access_token: 'a', refresh_token: 'r', session: { accessToken: 'x' } },
    ],
    [
      'a token beside a nested refresh token',
      { token: 'a', data: { refreshToken: 'r' } },
      { access_token: 'a', data: { refreshToken: 'r' } },
    ],
    ['only empty members', { accessToken: '', refreshToken: 'r' }, { access_token: '', refresh_token: 'r' }],
    ['a CSRF token beside', { access_token: 'a', token: 'csrf' }, { access_token: 'a', token: 'csrf' }],
  ])('reads %s', async (_name, answer, expected) => {
    expect(await refreshed(answer)).toEqual(expected)
  })

  it('reads a member named token only where it is text, and adds no members', async () => {
    expect(await refreshed({ refreshToken: 'r', token: { id: 1 } })).toStrictEqual({ refresh_token: 'r', token: { id: 1 } })
  })

  it('ends where a value holds itself', async () => {
    const loop: Record<string, unknown> = { note: 1 }
    loop.data = loop
    expect(await refreshed(loop)).toMatchObject({ note: 1 })
  })

  it('gives an expiry that the session understands', async () => {
    for (const answer of [
      { token: 'a', expiresOnTimestamp: now + 60_000 },
      { accessToken: 'a', expiresOn: new Date(now + 60_000) },
      { accessToken: 'a', expiresAt: (now + 60_000) / 1000 },
      { accessToken: 'a', expiresIn: '60' },
    ])
      expect(mergeTokenResponse(undefined, await refreshed(answer), now).expiresAt).toBe(now + 60_000)
  })

  it('takes a date without a time for an unknown expiry, and keeps the rotated refresh token', async () => {
    const answer = await refreshed({ accessToken: 'b', refreshToken: 'r2', expiresOn: new Date(NaN) })
    const { tokens, expiresAt } = mergeTokenResponse({ access_token: 'a', refresh_token: 'r1' }, answer, now)
    expect(expiresAt).toBe(Infinity)
    expect(tokens).toMatchObject({ access_token: 'b', refresh_token: 'r2' })
  })

  it.each<[string, unknown]>([
    ['a response of fetch', new Response('{}')],
    ['an array', ['a']],
    ['true', true],
    ['a text', 'access_token=a'],
    ['an object with a token under another name', { jwt: 'a' }],
  ])('returns %s unchanged, so that the session names the mistake', async (_name, answer) => {
    expect(await refreshed(answer)).toBe(answer)
  })

  it('an exception of read in the mapping is no failure of the token endpoint', async () => {
    const { refresh } = mapTokens<{ ends: Date }>({ read: ({ ends }) => ({ access_token: 'b', expires_at: ends.toISOString() }) })
    const session = createSession(memoryStore({ access_token: 'a', refresh_token: 'r' }), {
      refresh: refresh(() => ({ ends: new Date(NaN) })),
    })
    await expect(session.refresh()).rejects.toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining('mapTokens: read has thrown a RangeError') as string,
    })
  })

  it('passes the failure on that read in a mapping throws', async () => {
    const { refresh } = mapTokens({
      read: (answer) => {
        throw answer
      },
    })
    await expect(refresh(() => ({ error: 'invalid_grant' }))(undefined, context)).rejects.toEqual({ error: 'invalid_grant' })
  })

  it('passes null and undefined on, which the session understands itself', async () => {
    expect(await refreshed(null)).toBeNull()
    expect(await refreshed(undefined)).toBeUndefined()
  })

  it('passes a rejection and a throw on', async () => {
    const error = new Error('x')
    const throwing = mapTokens().refresh(() => {
      throw error
    })
    await expect(throwing(undefined, context)).rejects.toBe(error)
    await expect(mapTokens().refresh(() => Promise.reject(error))(undefined, context)).rejects.toBe(error)
  })

  it('calls the function with the tokens and the context, and keeps what it carries', async () => {
    const revoke = (): void => undefined
    const call = jest.fn<(tokens: unknown, given: unknown) => object>(() => ({ accessToken: 'b' }))
    const inner = (tokens: unknown, given: unknown): object => call(tokens, given)
    const mapped = mapTokens().refresh(Object.assign(inner, { needsRefreshToken: true, revoke }))
    await mapped({ access_token: 'a' }, context)
    expect(call).toHaveBeenCalledWith({ access_token: 'a' }, context)
    expect({ ...mapped }).toEqual({ needsRefreshToken: true, revoke })
  })

  it('uses a mapping of the application', async () => {
    const { refresh } = mapTokens<{ jwt: string; ttl: number }>({
      read: ({ jwt, ttl }) => ({ access_token: jwt, expires_in: ttl }),
    })
    expect(await refresh(() => ({ jwt: 'a', ttl: 60 }))(undefined, context)).toEqual({ access_token: 'a', expires_in: 60 })
  })
})

describe('mapping a store', () => {
  class CamelStore implements TokenStore {
    readonly name = 'camel'
    readonly brand = Symbol('brand')
    #value: TokenJSON | undefined
    writes: WriteContext[] = []
    constructor(value?: TokenJSON) {
      this.#value = value
      Object.defineProperty(this, Symbol.for('brand'), { value: true })
    }
    read(): TokenJSON | undefined {
      return this.#value
    }
    write(tokens: TokenJSON | undefined, write: WriteContext): unknown {
      this.writes.push(write)
      if (write.mode === 'replace' && write.replacing !== this.#value) return false
      this.#value = tokens
      return undefined
    }
    async lock<Result>(run: () => Promise<Result>): Promise<Result> {
      if (!(#value in this)) throw new TypeError('another object')
      return run()
    }
    get later(): unknown {
      return this.#value
    }
  }

  it('reads and writes in the form that the store holds', async () => {
    const inner = new CamelStore({ accessToken: 'a', refreshToken: 'r', expiresOn: new Date(now), scopes: ['x'], note: 1 })
    const store = mapTokens().store(inner)
    const read = (await store.read()) as TokenJSON
    expect(read).toEqual({ access_token: 'a', refresh_token: 'r', expires_on: '2026-01-02T00:00:00.000Z', scope: ['x'], note: 1 })
    const { tokens } = mergeTokenResponse(read, { access_token: 'b', expires_in: 60 }, now)
    expect(await store.write(tokens, { replacing: read, mode: 'replace' })).toBeUndefined()
    expect(inner.read()).toEqual({
      accessToken: 'b',
      refreshToken: 'r',
      expiresIn: 60,
      expiresOn: new Date(now + 60_000),
      scopes: ['x'],
      note: 1,
    })
    expect(parseStoredTokens(await store.read(), now).expiresAt).toBe(now + 60_000)
  })

  it('writes into the nesting that it has read, and keeps what is beside it', async () => {
    const inner = new CamelStore({ user: 'u', data: { token: 'a', expiresOnTimestamp: 5 } })
    const store = mapTokens().store(inner)
    const replacing = (await store.read()) as TokenJSON
    await store.write({ access_token: 'b', expiry_date: 6 }, { replacing, mode: 'replace' })
    expect(inner.read()).toEqual({ user: 'u', data: { token: 'b', expiresOnTimestamp: 6 } })
  })

  it('reads a record for which the mapping has no tokens as empty, and writes into it', async () => {
    const inner = new CamelStore({ prefs: 'dark' })
    const store = mapTokens<{ jwt?: string }>({
      read: ({ jwt }) => (jwt === undefined ? undefined : { access_token: jwt }),
      write: ({ access_token }, record) => ({ ...record, jwt: String(access_token) }),
    }).store(inner)
    expect(await store.read()).toBeUndefined()
    expect(await store.write({ access_token: 'a' }, { replacing: undefined, mode: 'replace' })).toBeUndefined()
    expect(inner.read()).toEqual({ prefs: 'dark', jwt: 'a' })
    expect(await store.read()).toEqual({ access_token: 'a' })
  })

  it('waits for a mapping that encrypts and decrypts', async () => {
    const inner = new CamelStore()
    const store = mapTokens<{ sealed?: string }>({
      read: async ({ sealed }) => (sealed === undefined ? undefined : (JSON.parse(sealed) as TokenJSON)),
      write: async (tokens) => ({ sealed: JSON.stringify(tokens) }),
    }).store(inner)
    await store.write({ access_token: 'a' }, { replacing: undefined, mode: 'set' })
    const replacing = (await store.read()) ?? undefined
    expect(replacing).toEqual({ access_token: 'a' })
    expect(await store.write({ access_token: 'b' }, { replacing, mode: 'replace' })).toBeUndefined()
    expect(inner.read()).toEqual({ sealed: '{"access_token":"b"}' })
  })

  it('keeps the record and the new tokens when write in the mapping returns nothing', async () => {
    const record = { access_token: 'a', refresh_token: 'r' }
    const inner = memoryStore(record)
    const store = mapTokens({ read: (json) => json as TokenJSON, write: () => undefined as never }).store(inner)
    const session = createSession(store, { refresh: () => ({ access_token: 'b', refresh_token: 'r2' }) })
    const unpersisted = jest.fn()
    session.on('unpersisted', unpersisted)
    expect(await session.refresh()).toMatchObject({ access_token: 'b', refresh_token: 'r2' })
    expect(inner.read()).toEqual(record)
    expect(session.getSnapshot()).toMatchObject({ persisted: false })
    const message = expect.stringContaining('mapTokens: write must return the record, an object.') as string
    expect(unpersisted).toHaveBeenCalledWith(expect.objectContaining({ error: expect.objectContaining({ message }) as Error }))
    await expect(session.close()).resolves.toMatchObject({ persisted: false })
  })

  it.each<[string, TokenJSON, TokenJSON]>([
    ['whose nested set is null', { prefs: 1, tokens: null }, { prefs: 1, tokens: { accessToken: 'b' } }],
    ['whose nested set is empty', { prefs: 1, session: {} }, { prefs: 1, session: { accessToken: 'b' } }],
    ['without a nested set', { prefs: 1, session: 5 }, { session: 5, prefs: 1, accessToken: 'b' }],
    ['whose token is null', { prefs: 1, token: null }, { prefs: 1, token: 'b' }],
    [
      'of another user with a nested set',
      { user: 'u', tokens: { accessToken: 'a', refreshToken: 'r' } },
      { user: 'u', tokens: { accessToken: 'b' } },
    ],
    ['of another user, without nesting', { accessToken: 'a', refreshToken: 'r', profile: 'u' }, { accessToken: 'b' }],
  ])('a sign-in writes into a record %s', async (_which, record, expected) => {
    const inner = new CamelStore(record)
    const store = mapTokens().store(inner)
    await store.read()
    await store.write({ access_token: 'b' }, { replacing: undefined, mode: 'set' })
    expect(inner.read()).toEqual(expected)
  })

  it('keeps a CSRF token beside an access token', async () => {
    const inner = new CamelStore({ access_token: 'a', refresh_token: 'r', token: 'csrf' })
    const store = mapTokens().store(inner)
    const read = (await store.read()) as TokenJSON
    const { tokens } = mergeTokenResponse(read, { access_token: 'b' }, now)
    await store.write(tokens, { replacing: read, mode: 'replace' })
    expect(inner.read()).toEqual({ access_token: 'b', refresh_token: 'r', token: 'csrf' })
  })

  it('renews the expiry of NextAuth', async () => {
    const inner = new CamelStore({ accessToken: 'a', refreshToken: 'r', accessTokenExpires: now })
    const store = mapTokens().store(inner)
    const read = (await store.read()) as TokenJSON
    expect(parseStoredTokens(read, now).expiresAt).toBe(now)
    const { tokens } = mergeTokenResponse(read, { access_token: 'b', expires_in: 60 }, now)
    await store.write(tokens, { replacing: read, mode: 'replace' })
    expect(inner.read()).toMatchObject({ accessToken: 'b', accessTokenExpires: now + 60_000 })
  })

  it('writes camelCase into an empty store, and deletes', async () => {
    const inner = new CamelStore()
    const store = mapTokens().store(inner)
    expect(await store.read()).toBeUndefined()
    await store.write({ access_token: 'a', expires_at: 5, scope: 'x', extra: 1 }, { replacing: undefined, mode: 'set' })
    expect(inner.read()).toEqual({ accessToken: 'a', expiresAt: 5, scope: 'x', extra: 1 })
    await store.write(undefined, { replacing: (await store.read()) as TokenJSON, mode: 'replace' })
    expect(inner.read()).toBeUndefined()
  })

  it('gives the store back the very value that it has read, for compare and set', async () => {
    const value = { accessToken: 'a' }
    const inner = new CamelStore(value)
    const store = mapTokens().store(inner)
    const first = (await store.read()) as TokenJSON
    await store.read()
    await store.write({ access_token: 'b' }, { replacing: first, mode: 'replace' })
    expect(inner.writes[0]!.replacing).toBe(value)
    expect(await store.write({ access_token: 'c' }, { replacing: first, mode: 'replace' })).toBe(false)
  })

  it('maps a copy of what it has read', async () => {
    const inner = new CamelStore({ accessToken: 'a', scopes: ['x'] })
    const store = mapTokens().store(inner)
    const copy = { ...(await store.read()) }
    await store.write(undefined, { replacing: copy, mode: 'replace' })
    expect(inner.writes[0]!.replacing).toEqual({ accessToken: 'a', scopes: ['x'] })
  })

  it('keeps its lock, its name, its marks and what it has besides, also in a class with private fields', async () => {
    const inner = new CamelStore({ accessToken: 'a' })
    const store = mapTokens().store(inner) as TokenStore & CamelStore
    expect(await store.lock(async () => 5)).toBe(5)
    expect([store.name, store.brand, store.later]).toEqual(['camel', inner.brand, inner.read()])
    expect(Object.getOwnPropertyDescriptor(store, Symbol.for('brand'))).toMatchObject({ enumerable: false })
    expect((store as unknown as Record<symbol, unknown>)[Symbol.for('brand')]).toBe(true)
    expect(Object.hasOwn(store, 'constructor')).toBe(false)
  })

  it('adds no capability that the store does not have', () => {
    const store = mapTokens().store({ read: () => undefined, write: () => undefined })
    expect(Object.keys(store)).toEqual(['read', 'write'])
    expect('lock' in store || 'subscribe' in store).toBe(false)
  })

  it('keeps the refresh function of the store as it is', () => {
    const refresh = Object.assign(() => null, { needsRefreshToken: true })
    expect(mapTokens().store({ read: () => undefined, write: () => undefined, refresh }).refresh).toBe(refresh)
  })

  it('passes notices on', () => {
    const subscribe = jest.fn(() => () => undefined)
    const listener = (): void => undefined
    mapTokens()
      .store({ read: () => undefined, write: () => undefined, subscribe })
      .subscribe?.(listener)
    expect(subscribe).toHaveBeenCalledWith(listener)
  })
})

describe('misuse', () => {
  it.each<[string, () => unknown, string]>([
    ['a mapping without read', () => mapTokens({} as never), 'mapTokens: read must be a function'],
    [
      'a write that is no function',
      () => mapTokens({ read: () => ({}), write: 5 as never }),
      'mapTokens: write must be a function',
    ],
    [
      'a store without write',
      () => mapTokens({ read: () => ({}) }).store({} as never),
      'mapTokens: store(…) needs a token store',
    ],
    [
      'no write for a store',
      () => mapTokens({ read: () => ({}) }).store({ read: () => undefined, write: () => 1 }),
      'mapTokens: write must be a function to map a store',
    ],
    ['no refresh function', () => mapTokens().refresh(5 as never), 'mapTokens: refresh(…) needs a refresh function'],
  ])('is a TypeError that names what is wrong: %s', (_name, misuse, message) => {
    expect(misuse).toThrow(TypeError)
    expect(misuse).toThrow(message)
  })
})
