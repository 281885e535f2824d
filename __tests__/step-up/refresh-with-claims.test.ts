import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios, { type AxiosInstance } from 'axios'
import { attachOAuth, memoryStore, type AttachedSession, type RefreshFunction } from '../../src/index.js'
import { refreshToken } from '../../src/refresh-token.js'
import { refreshWithClaims, stepUp, type StepUp } from '../../src/step-up/index.js'
import { deferred, rejection } from '../helpers/client.js'

const claims = '{"access_token":{"nbf":{"essential":true,"value":"1702682181"}}}'
const base64url = Buffer.from(claims).toString('base64url')
/** Members of a token request. */
type Form = Record<string, string>

interface World {
  api: AxiosInstance
  session: AttachedSession
  /** The token requests. */
  forms: Form[]
  counts: { served: number; refused: number }
}

let stop: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stop.map((end) => end()))
  stop = []
})

interface Settings {
  ask?: StepUp
  challenge?: string
  /** Answers a token request with claims. Default: tokens that the API takes. */
  answer?: (form: Form) => [status: number, body: object] | Promise<[status: number, body: object]>
  /** Answers a token request without claims. */
  ordinary?: (form: Form) => Promise<void>
  refreshTokens?: boolean
  /** Holds the refusals of `/late`. */
  late?: () => Promise<void>
}

/** An API that takes only tokens with the claims, and a token endpoint whose refresh tokens can be used once. */
async function start(settings: Settings = {}): Promise<World> {
  const {
    ask,
    answer,
    ordinary,
    late,
    refreshTokens = true,
    challenge = `Bearer error="insufficient_claims", claims="${base64url}"`,
  } = settings
  const forms: Form[] = []
  const counts = { served: 0, refused: 0 }
  let issued = 1
  const server = createServer((request, response) => {
    let text = ''
    const json = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      if (request.url !== '/token') {
        const isStrong = request.headers.authorization?.startsWith('Bearer strong') === true
        counts[isStrong ? 'served' : 'refused']++
        response.setHeader('www-authenticate', challenge)
        const held = request.url === '/late' && !isStrong ? late?.() : undefined
        return void Promise.resolve(held).then(() => json(isStrong ? 200 : 401, {}))
      }
      const form = Object.fromEntries(new URLSearchParams(text))
      const isReused = form.refresh_token !== `r${issued}`
      forms.push(form)
      void (async () => {
        if (!form.claims) await ordinary?.(form)
        const [status, body] = (form.claims && (await answer?.(form))) || [200, undefined]
        if (isReused) return json(400, { error: 'invalid_grant' })
        if (body) return json(status, body)
        issued++
        json(200, { access_token: `${form.claims ? 'strong' : 'weak'}${issued}`, refresh_token: `r${issued}`, expires_in: 3600 })
      })()
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  stop.push(() => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())))
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const create = (given?: string): RefreshFunction =>
    refreshToken({ tokenEndpoint: `${baseURL}/token`, clientId: 'app', ...(given && { parameters: { claims: given } }) })
  const api = axios.create({ baseURL })
  const store = memoryStore({ access_token: 'weak', ...(refreshTokens && { refresh_token: 'r1' }) })
  return { api, forms, counts, session: attachOAuth(api, store, refreshWithClaims(create, ask)) }
}

it('ten requests with a claims challenge lead to one refresh that carries the claims as JSON, and are sent again', async () => {
  const { api, forms, counts, session } = await start()
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.get('/me')))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(forms).toEqual([expect.objectContaining({ claims, refresh_token: 'r1', grant_type: 'refresh_token' })])
  expect(counts).toEqual({ served: 10, refused: 10 })
  expect(await session.tokens()).toMatchObject({ access_token: 'strong2', refresh_token: 'r2' })
})

it('invalid_token with claims leads to a refresh that carries the claims, and without claims to an ordinary one', async () => {
  const { api, forms } = await start({ challenge: `Bearer error="invalid_token", claims="${base64url}"` })
  expect((await api.get('/me')).status).toBe(200)
  expect(forms.map((form) => form.claims)).toEqual([claims])
  for (const challenge of ['Bearer error="invalid_token"', 'Bearer error="invalid_token", claims="%%%"']) {
    const world = await start({ challenge })
    expect(await rejection(world.api.get('/me'))).toMatchObject({ response: { status: 401 } })
    expect(world.forms.map((form) => form.claims)).toEqual([undefined])
  }
})

it('a request that is refused after the prompt, with the token from before it, sends no further token request', async () => {
  const answered = deferred()
  const handler = stepUp(() => ({ access_token: 'strong', refresh_token: 'r1' }))
  const { api, forms, counts } = await start({
    ask: handler,
    answer: () => [400, { error: 'interaction_required' }],
    late: () => answered.promise,
  })
  const late = api.get('/late')
  await api.get('/me')
  answered.resolve()
  expect((await late).status).toBe(200)
  expect([forms.length, counts]).toEqual([1, { served: 2, refused: 2 }])
})

it('an ordinary refresh carries no claims, also after a challenge', async () => {
  const { api, forms, session } = await start()
  await session.refresh()
  await api.get('/me')
  await session.refresh()
  expect(forms.map((form) => form.claims)).toEqual([undefined, claims, undefined])
})

it.each(['{"a":1}', '  {"a":1}'])('claims that come as JSON are sent as they are: %s', async (given) => {
  const { api, forms } = await start({
    challenge: `Bearer error="insufficient_claims", claims="${given.replaceAll('"', String.raw`\"`)}"`,
  })
  await api.get('/me')
  expect(forms[0]?.claims).toBe(given)
})

it.each([
  ['interaction_required', { error: 'interaction_required' }],
  ['invalid_grant', { error: 'invalid_grant' }],
  ['invalid_request', { error: 'invalid_request' }],
])('when the token endpoint answers %s, the user is asked once for all, and the session goes on', async (_name, body) => {
  const asked: unknown[] = []
  const handler = stepUp((demand) => (asked.push(demand.claims), { access_token: 'strong', refresh_token: 'r1' }))
  const { api, session, forms } = await start({ ask: handler, answer: () => [400, body] })
  const ended: unknown[] = []
  session.on('signed_out', (event) => ended.push(event))
  const answers = await Promise.all(Array.from({ length: 5 }, () => api.get('/me')))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect([asked, forms.length, ended]).toEqual([[base64url], 1, []])
})

it('without a handler the request rejects with the challenge, and the session goes on', async () => {
  const { api, session } = await start({ answer: () => [400, { error: 'interaction_required' }] })
  expect(await rejection(api.get('/me'))).toMatchObject({
    code: 'OAUTH_STEP_UP_REQUIRED',
    challenge: { parameters: { claims: base64url } },
    cause: { message: 'A refresh does not meet the challenge, and no handler asks the user' },
  })
  expect(session.getSnapshot().status).toBe('signed_in')
})

it('does not prompt the user while the token endpoint is down', async () => {
  let asked = 0
  const { api } = await start({ ask: stepUp(() => void asked++), answer: () => [500, {}] })
  const errors = await Promise.all([1, 2, 3].map(() => rejection(api.get('/me'))))
  for (const error of errors) expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', response: { status: 401 } })
  expect(asked).toBe(0)
})

it('a sign-out during the refresh with claims rejects the request, and does not prompt the user', async () => {
  let asked = 0
  const signedOut = deferred()
  const { api, session } = await start({
    ask: stepUp(() => void asked++),
    answer: () => signedOut.promise.then(() => [400, { error: 'invalid_grant' }] as [number, object]),
  })
  await session.tokens()
  session.on('refresh_started', () => void session.signOut().finally(() => signedOut.resolve()))
  expect(await rejection(api.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  expect(asked).toBe(0)
})

it('the refresh function carries what the created one does', () => {
  const bare = (): null => null
  expect({ ...refreshWithClaims(() => bare).refresh }).toStrictEqual({})
  const more = { needsRefreshToken: true, neverEnds: true, revoke: () => undefined }
  expect({ ...refreshWithClaims(() => Object.assign(() => null, more)).refresh }).toStrictEqual(more)
})

it('an ordinary refresh under way is waited for, and a second one carries the claims: no refresh token is sent twice', async () => {
  const held = deferred()
  const begun = deferred()
  const { api, session, forms } = await start({ ordinary: async () => (begun.resolve(), held.promise) })
  await session.tokens()
  const refreshing = session.refresh()
  await begun.promise
  const sending = api.get('/me')
  await new Promise((resolve) => setTimeout(resolve, 50))
  held.resolve()
  await refreshing
  expect((await sending).status).toBe(200)
  expect(forms.map(({ refresh_token, claims: carried }) => [refresh_token, carried])).toEqual([
    ['r1', undefined],
    ['r2', claims],
  ])
})

it.each([
  ['a challenge without claims', { challenge: 'Bearer error="insufficient_scope", scope="mail"' }],
  ['claims that can not be read', { challenge: 'Bearer error="insufficient_claims", claims="%%%"' }],
  ['a set without a refresh token', { refreshTokens: false }],
])('%s goes straight to the handler', async (_name, settings) => {
  let asked = 0
  const { api, forms } = await start({ ...settings, ask: stepUp(() => (asked++, { access_token: 'strong' })) })
  expect((await api.get('/me')).status).toBe(200)
  expect([asked, forms.length]).toEqual([1, 0])
})

it('misuse is a TypeError that names the function', () => {
  expect(() => refreshWithClaims(1 as never)).toThrow(/^refreshWithClaims: create/)
  expect(() => refreshWithClaims((() => 1) as never)).toThrow(/^refreshWithClaims: create/)
  expect(() => refreshWithClaims(() => () => null, 1 as never)).toThrow(/^refreshWithClaims: ask/)
})
