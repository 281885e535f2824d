import { originalCause } from '../../src/errors.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { TokenJSON } from '../../src/types.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { controlledRefresh, issuer, listenTo, startSession, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number): ReturnType<typeof tokensFor> => tokensFor(environment, n)
const idToken = (sub: string): string => `e30.${btoa(JSON.stringify({ iss: 'https://login.test', sub }))}.`

/** A revoke function, and the access tokens that it got. */
function revoker(): { revoked: unknown[]; revoke: (tokens: TokenJSON) => void } {
  const revoked: unknown[] = []
  return { revoked, revoke: ({ access_token }) => void revoked.push(access_token) }
}

describe('signOut({ revoke: true })', () => {
  it.each([
    ['the set in use', true],
    ['the stored set, when nothing was read yet', false],
  ])('revokes %s', async (_what, isRead) => {
    const { revoked, revoke } = revoker()
    const session = startSession(environment, memoryStore(a(1)), controlledRefresh(), { revoke })
    if (isRead) await session.tokens()
    expect(await session.signOut({ revoke: true })).toEqual({ revoked: true })
    expect(revoked).toEqual(['a1'])
  })

  it('gives the revoke function no marker of the sign-in', async () => {
    const seen: unknown[] = []
    const session = startSession(environment, memoryStore(), controlledRefresh(), { revoke: (tokens) => void seen.push(tokens) })
    await session.signIn({ access_token: 'a1', refresh_token: 'r1' }, { user: 'ann' })
    await session.signOut({ revoke: true })
    expect(seen).toEqual([{ access_token: 'a1', refresh_token: 'r1' }])
  })

  it('revokes nothing without revoke: true', async () => {
    const { revoked, revoke } = revoker()
    const session = startSession(environment, memoryStore(a(1)), controlledRefresh(), { revoke })
    await session.tokens()
    await session.signOut()
    expect(revoked).toEqual([])
  })

  it('revokes nothing without a revoke function, and nothing when there are no tokens', async () => {
    const session = startSession(environment, memoryStore(a(1)), controlledRefresh())
    const events = listenTo(session, 'revocation_failed')
    expect(await session.signOut({ revoke: true })).toEqual({ revoked: false })
    const { revoked, revoke } = revoker()
    const empty = startSession(environment, memoryStore(), controlledRefresh(), { revoke })
    expect(await empty.signOut({ revoke: true })).toEqual({ revoked: false })
    expect([events, revoked]).toEqual([[], []])
  })

  it('signs out here when the revocation fails, and tells the typed error', async () => {
    const failure = new Error('made up')
    const store = memoryStore(a(1))
    const session = startSession(environment, store, issuer(), { revoke: () => Promise.reject(failure) })
    const events = listenTo(session, 'revocation_failed')
    const { revoked, error } = await session.signOut({ revoke: true })
    expect([revoked, error?.code, originalCause(error)]).toEqual([false, 'OAUTH_REFRESH_UNAVAILABLE', failure])
    expect(error?.message).toBe(
      'The revocation was not confirmed: the tokens may still be valid. See docs/errors.md#oauth_refresh_unavailable',
    )
    expect(events).toEqual([['revocation_failed', { error }]])
    expect([await store.read(), session.getSnapshot().status]).toEqual([undefined, 'signed_out'])
  })

  it('waits for the server as long as a refresh may take, then aborts the signal', async () => {
    let signal: AbortSignal | undefined
    const revoke = (_tokens: unknown, context: { signal: AbortSignal }): Promise<void> =>
      new Promise(() => (signal = context.signal))
    const session = startSession(environment, memoryStore(a(1)), issuer(), { revoke })
    await session.tokens()
    const events = listenTo(session, 'revocation_failed')
    const signedOut = session.signOut({ revoke: true })
    await environment.pass(59_999)
    expect([signal?.aborted, events]).toEqual([false, []])
    await environment.pass(1)
    const late = expect.objectContaining({ message: expect.stringContaining('60000 ms') })
    const error = expect.objectContaining({ code: 'OAUTH_REFRESH_UNAVAILABLE', cause: late })
    expect(await signedOut).toEqual({ revoked: false, error })
    expect([signal?.reason, events]).toEqual([late, [['revocation_failed', { error }]]])
  })
})

describe('tokens that a refresh brings too late', () => {
  const ann = (n: number): ReturnType<typeof tokensFor> => ({ ...a(n), id_token: idToken('ann') })
  const ben = (n: number): ReturnType<typeof tokensFor> => ({ ...a(n), id_token: idToken('ben') })

  it.each<[string, () => TokenJSON | undefined, string[]]>([
    ['are revoked after a sign-out', () => undefined, ['a2']],
    ['are revoked after another user’s sign-in', () => ben(9), ['a2']],
    ['are not revoked after a sign-in of an unknown user', () => a(9), []],
    ['are not revoked after a sign-in of the same user', () => ann(9), []],
    ['are not revoked when the sign-in uses them', () => ann(2), []],
    ['are not revoked when the sign-in uses their refresh token', () => ({ ...ben(9), refresh_token: 'r2' }), []],
  ])('%s', async (_what, next, expected) => {
    const { revoked, revoke } = revoker()
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(ann(1)), refresh, { revoke })
    const refreshed = session.refresh().catch(() => undefined)
    await settle()
    const tokens = next()
    await (tokens ? session.signIn(tokens) : session.signOut())
    refresh.calls[0]!.answer(ann(2))
    await refreshed
    await settle()
    expect(revoked).toEqual(expected)
  })

  it.each<[string, TokenJSON, string[]]>([
    ['where neither set has a refresh token', { access_token: 'a9', id_token: idToken('ben') }, ['a2']],
    ['unless the other user’s sign-in uses the access token', { access_token: 'a2', id_token: idToken('ben') }, []],
  ])('are revoked after another user’s sign-in %s', async (_what, next, expected) => {
    const { revoked, revoke } = revoker()
    const refresh = Object.assign(controlledRefresh(), { needsRefreshToken: false })
    const session = startSession(environment, memoryStore({ access_token: 'a1', id_token: idToken('ann') }), refresh, { revoke })
    const refreshed = session.refresh().catch(() => undefined)
    await settle()
    await session.signIn(next)
    refresh.calls[0]!.answer({ access_token: 'a2' })
    await refreshed
    await settle()
    expect(revoked).toEqual(expected)
  })

  it('after a sign-out leave memory and store empty', async () => {
    const { revoked, revoke } = revoker()
    const refresh = controlledRefresh()
    const store = memoryStore(a(1))
    const session = startSession(environment, store, refresh, { revoke })
    const waiting = rejection(session.refresh())
    await settle()
    await session.signOut()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    refresh.calls[0]!.answer(a(2))
    await settle()
    expect([revoked, await store.read(), session.peekToken()]).toEqual([['a2'], undefined, undefined])
  })
})
