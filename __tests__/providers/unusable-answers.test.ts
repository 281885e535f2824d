import { memoryStore, type RefreshFunction } from '../../src/index.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { startSession, tokensFor } from '../helpers/session.js'

/** A session with an expired token whose refresh function resolves with `answer`. */
async function refreshWith(answer: unknown): Promise<{ code: string; stored: unknown; status: string }> {
  const environment = new FakeEnvironment()
  const store = memoryStore(tokensFor(environment, 1, 0))
  const refresh: RefreshFunction = async () => answer as { access_token: string }
  const session = startSession(environment, store, refresh)
  const code = await session.refresh().then(
    () => 'refreshed',
    (error: { code: string }) => error.code,
  )
  return { code, stored: (await store.read())?.refresh_token, status: session.getSnapshot().status }
}

const kept = { code: 'OAUTH_REFRESH_UNAVAILABLE', stored: 'r1', status: 'signed_in' }
const rotated = { code: 'OAUTH_REFRESH_UNAVAILABLE', stored: 'r2', status: 'signed_in' }
const ended = { code: 'OAUTH_INVALID_GRANT', stored: undefined, status: 'signed_out' }
const refreshed = { code: 'refreshed', stored: 'r2', status: 'signed_in' }

describe('a refresh function that resolves with an answer of another form', () => {
  it.each<[string, unknown, object]>([
    ['stores a rotated refresh token that comes without an access token', { refresh_token: 'r2' }, rotated],
    ['stores a rotated refresh token beside an access token that is null', { access_token: null, refresh_token: 'r2' }, rotated],
    [
      'stores a rotated refresh token beside an access token with a line break',
      { access_token: 'a\nb', refresh_token: 'r2' },
      rotated,
    ],
    ['keeps the refresh token that a validator has quoted', { refresh_token: ['This field is required.'] }, kept],
    ['ends the session after an error beside a refresh token', { error: 'invalid_grant', refresh_token: 'r1' }, ended],
    [
      'ends the session after an error beside an access token that is null',
      { access_token: null, error: 'invalid_grant' },
      ended,
    ],
    ['ends the session after an error in JSON that was left as text', '{"error":"invalid_grant"}', ended],
    ['ends the session after an error as text', 'invalid_grant', ended],
    ['reads JSON that was left as text', '\ufeff{"access_token":"a2","refresh_token":"r2"}', refreshed],
    ['reads a form that was left as text', 'access_token=a2&refresh_token=r2&expires_in=3600', refreshed],
    ['keeps the tokens after HTML', '<!doctype html><p>invalid_grant</p>', kept],
    ['keeps the tokens after an empty answer', '', kept],
    ['keeps the tokens after nothing', undefined, kept],
    ['keeps the tokens after a list', [], kept],
  ])('%s', async (_title, answer, expected) => {
    expect(await refreshWith(answer)).toEqual(expected)
  })
})
