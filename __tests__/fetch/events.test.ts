import { oauthFetch, type OAuthFetchOptions } from '../../src/fetch.js'
import { createSession, memoryStore, type AnySessionEvent, type Session, type SessionOptions } from '../../src/index.js'
import { deferred, rejection } from '../helpers/client.js'

const api = 'https://api.example.com'
const secret = `${api}/me?api_key=SECRET#frag`
const summary = { method: 'GET', url: `${api}/me` }

interface Recorded {
  session: Session
  send: ReturnType<typeof oauthFetch>
  events: AnySessionEvent[]
}

/** A session whose events are recorded, and a server that accepts the token `new`. */
function recorded(
  expires_at: number,
  refresh: SessionOptions['refresh'],
  challenge?: string,
  options?: OAuthFetchOptions,
): Recorded {
  const session = createSession(memoryStore({ access_token: 'old', refresh_token: 'r', expires_at }), { refresh: refresh! })
  const events: AnySessionEvent[] = []
  session.on('*', (event) => events.push(event))
  const send = oauthFetch(session, {
    origins: [api],
    fetch: async (_input, init) =>
      new Headers(init?.headers).get('authorization') === 'Bearer new'
        ? new Response('yes')
        : new Response('no', { status: 401, headers: challenge ? { 'www-authenticate': challenge } : {} }),
    ...options,
  })
  return { session, send, events }
}

const anHourAgo = Date.now() / 1000 - 3600
const inAnHour = Date.now() / 1000 + 3600

it.each([
  ['that is due', anHourAgo],
  ['after a 401', inAnHour],
])('a refresh %s names the request that started it, without query and fragment', async (_when, expiresAt) => {
  const { session, send, events } = recorded(expiresAt, () => ({ access_token: 'new' }))
  await session.tokens()
  await send(secret)
  const refreshes = events.filter(({ type }) => type === 'refresh_started' || type === 'refreshed')
  expect(refreshes).toMatchObject([{ startedBy: summary }, { startedBy: summary }])
  expect(JSON.stringify(events)).not.toContain('SECRET')
})

it.each([
  ['for a token', anHourAgo, 'token'],
  ['after a 401', inAnHour, 'rejected'],
])('an aborted wait %s is released as interrupted', async (_what, expiresAt, because) => {
  const answer = deferred()
  const { session, send, events } = recorded(expiresAt, () => answer.promise.then(() => ({ access_token: 'new' })))
  await session.tokens()
  const controller = new AbortController()
  const started = new Promise((begun) => session.on('refresh_started', begun))
  const sending = rejection(send(secret, { signal: controller.signal }))
  await started
  await Promise.resolve()
  controller.abort(new Error('enough'))
  expect(await sending).toMatchObject({ message: 'enough' })
  expect(events.filter(({ type }) => type === 'queued' || type === 'released')).toMatchObject([
    { type: 'queued', because, ...summary },
    { type: 'released', outcome: 'interrupted', ...summary },
  ])
  answer.resolve()
  await new Promise((done) => session.on('refreshed', done))
})

it('a wait for a step-up that fails is released as rejected', async () => {
  const stepUp = Object.assign(() => Promise.reject(new Error('declined')), { option: 'stepUp' } as const)
  const challenge = 'Bearer error="insufficient_scope", scope="mail"'
  const { session, send, events } = recorded(inAnHour, false, challenge, { stepUp })
  await session.tokens()
  expect(await rejection(send(secret))).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', response: { status: 401 } })
  expect(events.filter(({ type }) => type === 'released')).toMatchObject([{ outcome: 'rejected' }])
})
