import { originalCause, type OAuthRequestError, type TokenJSON } from '../../src/index.js'
import { stepUp, type StepUpContext, type StepUpDemand, type StepUpHandler } from '../../src/step-up.js'
import { attach, deferred, rejection, type Client } from '../helpers/client.js'
import { json, startWorld, type Answer, type Received, type World } from '../helpers/world.js'

let world: World
/** The tokens that are good enough for the paths under /strict. */
let strong: Set<string>
let challenge: string

beforeEach(async () => {
  world = await startWorld()
  strong = new Set()
  challenge = 'Bearer error="insufficient_scope", scope="write admin"'
  world.resource.faults.always({ instead: guarded })
})
afterEach(() => world.close())

/** The paths under /strict want a strong token. */
function guarded({ url, headers }: Received): Answer {
  const status = challenge.includes('authentication') ? 401 : 403
  if (!url.startsWith('/strict') || strong.has(String(headers.authorization))) return json(200, { status: 200 })
  return json(status, { status }, { 'www-authenticate': challenge })
}

function setUp(
  handler: StepUpHandler = () => stronger(),
  options: Parameters<typeof attach>[1] & { limit?: number } = {},
): Client & { asked: StepUpDemand[] } {
  const { limit, ...rest } = options
  const asked: StepUpDemand[] = []
  const ask = (demand: StepUpDemand, context: StepUpContext): ReturnType<StepUpHandler> => {
    asked.push(demand)
    return handler(demand, context)
  }
  return { ...attach(world, { stepUp: stepUp(ask, limit === undefined ? {} : { timeout: limit }), ...rest }), asked }
}

let issued = 0
function stronger(extra: TokenJSON = {}): { access_token: string } & TokenJSON {
  const access_token = `strong-${++issued}`
  strong.add(`Bearer ${access_token}`)
  return { refresh_token: `rt-${access_token}`, expires_in: 3600, ...extra, access_token }
}

describe('step-up', () => {
  it('asks once for all requests that wait for the same thing, and its token releases them', async () => {
    const { promise: user, resolve: agree } = deferred()
    const tokens: unknown[] = []
    const { api, asked, store } = setUp((_demand, context) => {
      tokens.push(context.tokens?.access_token)
      return user.then(() => stronger())
    })
    const waiting = Array.from({ length: 20 }, (_, i) => api.get(`/strict/${i}`))
    const other = await api.get('/free')
    while (world.seen.length < 21) await new Promise((resolve) => setTimeout(resolve, 5))
    agree()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(other.status).toBe(200)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ error: 'insufficient_scope', scope: 'write admin' })
    expect(tokens).toEqual([world.tokens.access_token])
    expect(world.counts.refreshGrants).toBe(0)
    expect((await store.read())?.access_token).toBe(`strong-${issued}`)
    expect((await api.get('/strict/later')).status).toBe(200)
    expect(asked).toHaveLength(1)
  })

  it('asks for what the challenge names, at 401 as well', async () => {
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="urn:mfa urn:hw", max_age="300", claims="eyJhIjoxfQ"'
    const { api, asked } = setUp()
    await api.get('/strict')
    expect(asked[0]).toMatchObject({
      error: 'insufficient_user_authentication',
      acrValues: ['urn:mfa', 'urn:hw'],
      maxAge: 300,
      claims: 'eyJhIjoxfQ',
      challenge: { scheme: 'bearer' },
    })
    expect(asked[0]).not.toHaveProperty('scope')
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('asks separately for different things', async () => {
    const { api, asked } = setUp()
    const first = api.get('/strict')
    await first
    strong.clear()
    challenge = 'Bearer error="insufficient_scope", scope="other"'
    await api.get('/strict')
    expect(asked.map(({ scope }) => scope)).toEqual(['write admin', 'other'])
  })

  it('a request that was sent before the stronger token came goes with it, without a prompt', async () => {
    const { promise: late, resolve: answerNow } = deferred()
    const { api, asked } = setUp()
    world.resource.faults.once({ instead: guarded, before: late })
    const slow = api.get('/strict/slow')
    while (world.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await api.get('/strict/fast')
    answerNow()
    expect((await slow).status).toBe(200)
    expect(asked).toHaveLength(1)
  })

  it('keeps the refresh token when the stronger answer has none', async () => {
    const { api, store } = setUp(() => stronger({ refresh_token: undefined }))
    await api.get('/strict')
    expect((await store.read())?.refresh_token).toBe(world.tokens.refresh_token)
  })

  it('waits for a refresh that is under way, whose rotated refresh token is not lost', async () => {
    const { promise: held, resolve: agree } = deferred()
    const { api, store, session } = setUp(() => stronger({ refresh_token: undefined }))
    world.token.faults.always({ before: held })
    const refreshed = session.refresh()
    const strict = api.get('/strict')
    agree()
    const { refresh_token } = await refreshed
    await strict
    expect(await store.read()).toMatchObject({ access_token: `strong-${issued}`, refresh_token })
  })

  it.each<[string, StepUpHandler]>([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['declines', () => undefined],
    ['takes too long', () => new Promise(() => undefined)],
    ['gives no token set', () => ({ access_token: '' })],
  ])(
    'a handler that %s gives the typed error, the session stays, the same demand is not asked again for 30 s, and another one is',
    async (_, misbehave) => {
      let willing = false
      const { api, asked, session } = setUp((...asks) => (willing ? stronger() : misbehave(...asks)), { limit: 50 })
      const error = await rejection<OAuthRequestError>(api.get('/strict'))
      expect(error.code).toMatch(/^OAUTH_(STEP_UP_REQUIRED|REFRESH_UNAVAILABLE)$/)
      expect(error.response?.status).toBe(403)
      expect(asked).toHaveLength(1)
      expect(session.getSnapshot().status).toBe('signed_in')
      expect((await api.get('/free')).status).toBe(200)
      willing = true
      const again = await rejection<OAuthRequestError>(api.get('/strict'))
      expect(again).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', response: { status: 403 } })
      expect(asked).toHaveLength(1)
      challenge = 'Bearer error="insufficient_scope", scope="other"'
      expect((await api.get('/strict')).status).toBe(200)
      expect(asked).toHaveLength(2)
    },
  )

  it('tells why, with the challenge', async () => {
    const { api } = setUp(() => Promise.reject(new Error('the user closed the window')))
    const error = await rejection<OAuthRequestError>(api.get('/strict'))
    expect(error).toMatchObject({
      code: 'OAUTH_STEP_UP_REQUIRED',
      challenge: { parameters: { scope: 'write admin' } },
    })
    expect(originalCause(error)).toMatchObject({ message: 'the user closed the window' })
    // Printers show a cause, and a handler's message may hold anything.
    expect(error.cause).not.toHaveProperty('message', 'the user closed the window')
  })

  it('aborts its handler at the time limit', async () => {
    let signal: AbortSignal | undefined
    const { api } = setUp((_, context) => ((signal = context.signal), new Promise(() => undefined)), { limit: 20 })
    await rejection(api.get('/strict'))
    expect(signal?.aborted).toBe(true)
  })

  it('a waiting request leaves when it is aborted, and the others go on', async () => {
    const { promise: user, resolve: agree } = deferred()
    const { api } = setUp(() => user.then(() => stronger()))
    const controller = new AbortController()
    const leaving = rejection(api.get('/strict', { signal: controller.signal }))
    const staying = api.get('/strict')
    while (world.seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort()
    expect((await leaving).code).toBe('ERR_CANCELED')
    agree()
    expect((await staying).status).toBe(200)
  })

  it('comes too late after a sign-out: its tokens are revoked, and nobody is signed in', async () => {
    const { promise: user, resolve: agree } = deferred()
    const revoked: unknown[] = []
    const { api, session, store, asked } = setUp(() => user.then(() => stronger()), {
      revoke: (tokens) => void revoked.push(tokens.access_token),
    })
    const strict = rejection(api.get('/strict'))
    while (asked.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
    await session.signOut()
    agree()
    expect((await strict).code).toBe('OAUTH_SIGNED_OUT')
    await new Promise((resolve) => setImmediate(resolve))
    expect(revoked).toEqual([`strong-${issued}`])
    expect(await store.read()).toBeUndefined()
    expect(session.getSnapshot().status).toBe('signed_out')
  })

  it('a second refusal is the answer of the caller', async () => {
    const { api, asked } = setUp(() => ({ access_token: 'weak-too', expires_in: 3600 }))
    const error = await rejection<OAuthRequestError>(api.get('/strict'))
    expect(error.response?.status).toBe(403)
    expect(error.code).toBe('ERR_BAD_REQUEST')
    expect(asked).toHaveLength(1)
    expect(world.seen).toHaveLength(2)
  })
})
