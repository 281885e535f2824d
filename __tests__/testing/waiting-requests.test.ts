import axios, { type AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, OAuthError } from '../../src/index.js'
import { oauthFetch } from '../../src/fetch.js'
import { fakeSession, type FakeSession, type FakeSessionState } from '../../src/testing.js'

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 500; i++) await Promise.resolve()
}

const sent: unknown[] = []
beforeEach(() => void (sent.length = 0))

/** Sends a request with axios and one with fetch. Resolves with the credentials that were sent, or with the codes of the errors. */
function request(session: FakeSession): Promise<unknown[]> {
  const api = axios.create({
    baseURL: 'https://api.example.com',
    adapter: async (config: InternalAxiosRequestConfig) => {
      sent.push(config.headers.get('Authorization'))
      return { status: 200, statusText: '', data: config.headers.get('Authorization'), headers: {}, config }
    },
  })
  attachOAuth(api, session.store)
  const send: typeof fetch = async (_input, init) => {
    const credential = new Headers(init?.headers).get('authorization')
    sent.push(credential)
    return new Response(credential)
  }
  const fetchWithToken = oauthFetch(session, { origins: ['https://api.example.com'], fetch: send })
  const codeOf = ({ code }: AxiosError): unknown => code
  return Promise.all([
    api.get('/me').then(({ data }) => data as unknown, codeOf),
    fetchWithToken('https://api.example.com/me').then((response) => response.text(), codeOf),
  ])
}
const twice = (value: unknown): unknown[] => [value, value]
const ofCarol = { user: 'carol', tokens: { access_token: 'of-carol' } }
const error = new OAuthError('OAUTH_TOKEN_INVALID', 'x')

const histories: [string, FakeSessionState[]][] = [
  ['from the start', []],
  ['after a sign-out', [{ status: 'signed_out' }]],
  ['after another user', [{ user: 'ann' }]],
  ['after it was unavailable', [{ status: 'unavailable' }]],
  ['after a user and a sign-out', [{ user: 'ann' }, { status: 'signed_out', reason: 'invalid_grant' }]],
]

describe.each(histories)('requests that wait while a fake session is unknown %s', (_when, states) => {
  let session: FakeSession
  let waiting: Promise<unknown[]>
  beforeEach(async () => {
    const [first = { status: 'unknown' }, ...others] = states as FakeSessionState[]
    session = fakeSession(first)
    for (const state of [...others, { status: 'unknown' } as const]) session.set(state)
    waiting = request(session)
    await microtasks()
    expect(sent).toEqual([])
  })

  it('reject when the test signs a user in, and later requests go out', async () => {
    session.set(ofCarol)
    expect(await waiting).toEqual(twice('OAUTH_SIGNED_OUT'))
    expect(await request(session)).toEqual(twice('Bearer of-carol'))
    expect(sent).toEqual(twice('Bearer of-carol'))
  })

  it('reject at signIn(), too', async () => {
    await session.signIn(ofCarol.tokens, { user: 'carol' })
    expect(await waiting).toEqual(twice('OAUTH_SIGNED_OUT'))
    expect(sent).toEqual([])
  })

  it('reject when the test signs out', async () => {
    session.set({ status: 'signed_out' })
    expect(await waiting).toEqual(twice('OAUTH_SIGNED_OUT'))
    expect(sent).toEqual([])
  })

  it('reject with the error when the session becomes unavailable, and start no refresh', async () => {
    session.set({ status: 'unavailable', error })
    expect(await waiting).toEqual(twice('OAUTH_TOKEN_INVALID'))
    expect([sent, session.getSnapshot()]).toEqual([[], expect.objectContaining({ status: 'unavailable' })])
  })

  it('wait on while it stays unknown', async () => {
    session.set({ status: 'unknown' })
    await microtasks()
    expect(sent).toEqual([])
    session.set(ofCarol)
    expect(await waiting).toEqual(twice('OAUTH_SIGNED_OUT'))
  })
})

it('requests of a user that wait while a fake session is unknown go out when the same user signs in again', async () => {
  const session = fakeSession({ user: 'carol' })
  session.set({ status: 'unknown' })
  const waiting = request(session)
  await microtasks()
  session.set(ofCarol)
  expect(await waiting).toEqual(twice('Bearer of-carol'))
})

it('getAccessToken() of a fake session that is unknown rejects when it becomes unavailable', async () => {
  const session = fakeSession()
  session.set({ status: 'unknown' })
  const token = session.getAccessToken()
  await microtasks()
  session.set({ status: 'unavailable', error })
  await expect(token).rejects.toBe(error)
})

it('requests of a fake session that is signed out are sent without a token', async () => {
  expect(await request(fakeSession({ status: 'signed_out' }))).toEqual([undefined, ''])
})
