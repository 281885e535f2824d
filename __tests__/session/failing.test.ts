import { memoryStore } from '../../src/stores/memory.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { counted, heldRefresh, startSession, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

describe('a refresh that failed', () => {
  it.each([
    ['the token endpoint is in trouble', { status: 500 }, 'OAUTH_REFRESH_UNAVAILABLE', /try again later/, 'a1'],
    ['the client is refused', { error: 'invalid_client' }, 'OAUTH_CLIENT_REFUSED', /check the settings of the client/, 'a1'],
    ['the grant has ended', { error: 'invalid_grant' }, 'OAUTH_INVALID_GRANT', /sign in again/i, undefined],
  ])('because %s says what to do, and deletes only what is of no use any more', async (_why, failure, code, advice, left) => {
    const store = memoryStore(tokensFor(environment, 1))
    const session = startSession(environment, store, () => Promise.reject(failure))
    const error = await rejection(session.refresh())
    expect(error).toMatchObject({ code, message: expect.stringMatching(advice), cause: failure })
    expect([(await session.tokens())?.access_token, (await store.read())?.access_token]).toEqual([left, left])
  })
})

it('a set that is stored is neither locked nor written again when its first window begins', async () => {
  const refresh = heldRefresh()
  const kept = counted(memoryStore(tokensFor(environment, 1, 1000)))
  let locks = 0
  const session = startSession(environment, { ...kept, lock: (run) => (locks++, run()) }, refresh)
  await session.tokens()
  await environment.pass(900_000)
  expect(session.peekToken()?.accessToken).toBe('a1')
  await settle()
  expect([locks, kept.written, refresh.calls.length]).toEqual([1, [], 1])
})
