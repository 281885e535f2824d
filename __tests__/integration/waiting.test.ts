import axios from 'axios'
import { attach, deferred, expired, rejection, type Deferred } from '../helpers/client.js'
import { json, startWorld, type World } from '../helpers/world.js'

let world: World
let hold: Deferred<void>
beforeEach(async () => {
  world = await startWorld()
  hold = deferred()
  world.token.faults.always({ before: hold.promise })
})
afterEach(async () => {
  hold.resolve()
  await world.close()
})

describe.each(['with the expiry known', 'refused by the server'] as const)('a request that waits, %s', (how) => {
  function client(): ReturnType<typeof attach> & { waiting: Promise<unknown> } {
    if (how === 'refused by the server') world.revokeAccessTokens()
    const attached = attach(world, how === 'refused by the server' ? {} : { tokens: expired(world) })
    return { ...attached, waiting: new Promise((resolve) => attached.session.on('refresh_started', resolve)) }
  }

  it('leaves at once when its signal is aborted, with axios’ own error, and the others go on', async () => {
    const { api, waiting } = client()
    const controller = new AbortController()
    const aborted = rejection(api.get('/aborted', { signal: controller.signal }))
    const staying = api.get('/staying')
    await waiting
    controller.abort()
    const error = await aborted
    expect(axios.isCancel(error)).toBe(true)
    expect(error).toMatchObject({ code: 'ERR_CANCELED' })
    hold.resolve()
    expect((await staying).status).toBe(200)
    expect(world.counts.refreshGrants).toBe(1)
    expect(world.seen.filter(({ url, status }) => url === '/aborted' && status === 200)).toEqual([])
  })

  it('leaves at once when its cancel token says so', async () => {
    const { api, waiting } = client()
    const source = axios.CancelToken.source()
    const cancelled = rejection(api.get('/x', { cancelToken: source.token }))
    await waiting
    source.cancel('enough')
    expect(axios.isCancel(await cancelled)).toBe(true)
    hold.resolve()
  })

  it('leaves when its time is over, with the error that axios gives, and the refresh finishes and its result is kept', async () => {
    const { api, session } = client()
    const error = await rejection(api.get('/x', { timeout: 1500 }))
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 1500ms exceeded', isAxiosError: true })
    const refreshed = new Promise((resolve) => session.on('refreshed', resolve))
    hold.resolve()
    await refreshed
    expect((await api.get('/next')).status).toBe(200)
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0 })
  })

  it('rejects with the typed error when the user signs out, and the refresh under way does not bring the session back', async () => {
    const { api, session, store, waiting } = client()
    const queued = rejection(api.get('/x'))
    await waiting
    const before = world.counts.served
    await session.signOut()
    expect(await queued).toMatchObject({ code: 'OAUTH_SIGNED_OUT', isAxiosError: true })
    hold.resolve()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await store.read()).toBeUndefined()
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'requested' })
    expect(world.counts.served).toBe(before)
  })

  it('rejects when another user signs in, and is not sent on that user’s behalf', async () => {
    const { api, session, waiting } = client()
    const queued = rejection(api.get('/mine'))
    await waiting
    const tokens = { access_token: 'at-other-user', refresh_token: 'rt-other-user', expires_in: 60 }
    await session.signIn(tokens)
    expect(await queued).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    hold.resolve()
    expect((await session.tokens())?.access_token).toBe('at-other-user')
    expect(world.seen.some(({ url, authorization }) => url === '/mine' && authorization?.includes('other-user'))).toBe(false)
  })
})

describe('signed out', () => {
  it('a request goes out without a token, so that a login route works on the same instance; a 401 rejects with the typed error', async () => {
    const { api, session } = attach(world)
    await api.get('/before')
    await session.signOut()
    world.resource.faults.once({ instead: json(200, { signedIn: true }) })
    expect((await api.post('/login', { user: 'made-up' })).data).toEqual({ signedIn: true })
    expect(await rejection(api.get('/mine'))).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      response: { status: 401, data: { url: '/mine' } },
    })
    expect(world.seen.slice(1).map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/login', undefined],
      ['/mine', undefined],
    ])
    expect(world.token.log).toEqual([])
  })

  it('a request rejects without being sent where that is asked for', async () => {
    const { api, session } = attach(world, { rejectSignedOut: true })
    await session.signOut()
    expect(await rejection(api.get('/mine'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', config: { url: '/mine' } })
    expect(world.seen).toEqual([])
  })
})

describe('401s that come late', () => {
  async function arrivals(n: number): Promise<void> {
    while (world.seen.length < n) await new Promise((resolve) => setImmediate(resolve))
  }

  it('after another user has signed in, the request is not sent on that user’s behalf', async () => {
    hold.resolve()
    world.revokeAccessTokens()
    const { api, session } = attach(world)
    const gate = deferred()
    world.resource.faults.always({ after: gate.promise })
    const request = rejection(api.get('/mine'))
    await arrivals(1)
    await session.signIn({ access_token: 'at-other-user', refresh_token: 'rt-other-user', expires_in: 60 })
    gate.resolve()
    expect(await request).toMatchObject({ code: 'OAUTH_SIGNED_OUT', response: { status: 401 } })
    expect(world.seen).toHaveLength(1)
  })

  it('trickling in around a refresh and after it, they cause no second one', async () => {
    hold.resolve()
    world.revokeAccessTokens()
    const { api } = attach(world)
    const gates = Array.from({ length: 10 }, () => deferred())
    for (const { promise } of gates) world.resource.faults.once({ after: promise })
    const requests = gates.map((_, i) => api.get(`/${i}`))
    await arrivals(10)
    for (const [i, gate] of gates.entries()) {
      // The first has been refreshed and re-sent before the second 401 arrives, and so on.
      const index = Number(world.seen[i]!.url.slice(1))
      gate.resolve()
      expect((await requests[index]!).status).toBe(200)
    }
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, served: 10 })
  })

  it('trickling in for half a second around a refresh of 200 ms, and one after it, they cause no second one', async () => {
    world.revokeAccessTokens()
    const { api } = attach(world)
    // The servers take their time: a 401 every 50 ms, the refresh 200 ms.
    for (let i = 0; i < 11; i++) world.resource.faults.once({ after: 50 * i })
    setTimeout(hold.resolve, 200)
    const answers = await Promise.all(Array.from({ length: 11 }, (_, i) => api.get(`/${i}`)))
    expect(answers.map(({ data }) => data.url)).toEqual(answers.map((_, i) => `/${i}`))
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, rejected: 11, served: 11 })
  })

  it('requests that start during a refresh wait for it, and never carry the token that was rejected', async () => {
    world.revokeAccessTokens()
    const { api, session } = attach(world)
    const refreshing = new Promise((resolve) => session.on('refresh_started', resolve))
    const first = api.get('/first')
    await refreshing
    const second = api.get('/second')
    hold.resolve()
    await Promise.all([first, second])
    expect(world.seen.map(({ url, status }) => [url, status])).toEqual(
      expect.arrayContaining([
        ['/first', 401],
        ['/second', 200],
        ['/first', 200],
      ]),
    )
    expect(world.seen).toHaveLength(3)
  })

  it('an API that rejects everything causes no storm: five refreshes, then the typed error', async () => {
    hold.resolve()
    world.resource.rejectAll = true
    const { api } = attach(world)
    const codes: unknown[] = []
    for (let i = 0; i < 8; i++) codes.push((await rejection(api.get('/'))).code)
    expect(world.counts.refreshGrants).toBe(5)
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('ERR_BAD_REQUEST'))
    expect(codes.slice(5)).toEqual(Array(3).fill('OAUTH_REFRESH_LIMIT'))
  })
})

describe('challenges that a refresh can not cure', () => {
  it.each([
    [403, 'Bearer error="insufficient_scope", scope="write"'],
    [401, 'Bearer error="insufficient_user_authentication", acr_values="mfa"'],
    [401, 'Bearer realm="x", error="insufficient_claims", claims="e30="'],
  ])('%i with %s gives the typed error that carries the challenge, without a refresh', async (status, challenge) => {
    world.resource.faults.always({ instead: json(status, {}, { 'www-authenticate': challenge }) })
    const { api } = attach(world)
    const error = await rejection(api.get('/'))
    expect(error).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', response: { status }, challenge: { scheme: 'bearer' } })
    expect(world.counts).toMatchObject({ refreshGrants: 0, requests: 1 })
  })
})

describe('sharing', () => {
  it('two instances attached to one store share one refresh', async () => {
    hold.resolve()
    world.revokeAccessTokens()
    const first = attach(world)
    const second = attach(world, { store: first.store })
    await Promise.all([first.api.get('/1'), second.api.get('/2')])
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0 })
    expect(await second.session.tokens()).toEqual(await first.session.tokens())
  })

  it('attaching one instance to another store is refused; detaching leaves it as it was', async () => {
    const { api, session, store } = attach(world)
    const { attachOAuth, memoryStore } = await import('../../src/index.js')
    expect(() => attachOAuth(api, memoryStore(), { refresh: world.refresh })).toThrow(TypeError)
    session.detach()
    session.detach()
    await rejection(api.get('/'))
    expect(world.seen[0]!.authorization).toBeUndefined()
    expect(Object.hasOwn(api.interceptors.request, 'forEach')).toBe(false)
    expect(() => attachOAuth(api, store, { refresh: world.refresh })).not.toThrow()
  })

  it('a request may travel for another session', async () => {
    hold.resolve()
    const { createSession, memoryStore } = await import('../../src/index.js')
    const { api } = attach(world, { tokens: { access_token: 'at-nobody' } })
    const session = createSession(memoryStore(world.tokens), { refresh: world.refresh })
    expect((await api.get('/', { oauth: session })).status).toBe(200)
    expect((await api.get('/', { oauth: { session } })).status).toBe(200)
  })
})
