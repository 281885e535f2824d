import { OAuthError } from '../../src/errors.js'
import { memoryStore } from '../../src/stores/memory.js'
import { readSettings } from '../../src/axios/options.js'
import { Clock } from '../../src/session/clock.js'
import { isSameEpoch } from '../../src/session/epoch.js'
import { SessionState, type StateChange } from '../../src/session/state.js'
import type { RefreshEnd } from '../../src/session/events.js'
import { readRecord, signInRecord, type TokenRecord } from '../../src/token-record.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { tokensFor } from '../helpers/session.js'

const REFRESH_FROM = 800_000

let environment: FakeEnvironment
let clock: Clock
let state: SessionState
const refresh = Object.assign(async () => ({ access_token: 'made-up' }), { needsRefreshToken: true })
beforeEach(() => {
  environment = new FakeEnvironment()
  clock = new Clock(environment)
  state = new SessionState(environment, clock, readSettings('createSession', memoryStore(), { refresh }))
})

const failure = new OAuthError('OAUTH_STORE_FAILED', 'made up')
/** A stored record of 1000 s. */
const stored = (n: number, marker?: object): TokenRecord =>
  readRecord({ ...tokensFor(environment, n, 1000), ...(marker && { 'axios-attach-oauth': marker }) }, environment.wall)
let signIns = 0
const signedIn = (n: number, user?: string): TokenRecord =>
  signInRecord(tokensFor(environment, n, 1000), environment.wall, user, `sign-in ${++signIns}`)
const end: RefreshEnd = { refreshId: 1, reason: 'expired', duration: 0, attempts: 1, waiting: 0 }
const names = (...changes: StateChange[]): string[] => changes.flatMap((change) => state.apply(change).map(([name]) => name))

describe('the transitions of a session', () => {
  it('begin with unknown, and the first content of the store causes no notice', () => {
    expect(state.current.status).toBe('unknown')
    expect(names({ type: 'adopted', record: stored(1) })).toEqual([])
    expect(state.current.status).toBe('signed_in')
  })

  it('from unknown to signed out, when nothing is stored, cause no notice', () => {
    expect(names({ type: 'removed' })).toEqual([])
    expect(state.current).toMatchObject({ status: 'signed_out', reason: 'empty', at: environment.wall })
  })

  it('to a refreshed token take it for no older than its refresh, also when the clock jumps meanwhile', () => {
    const record = stored(1)
    environment.wall += 900_000
    names({ type: 'refreshed', record, end, maxAge: 20 })
    expect(state.token?.receivedAt).toBe(environment.mono - 20)
    names({ type: 'adopted', record })
    expect(state.token?.receivedAt).toBe(environment.mono - 900_000)
  })

  it('begin with nothing that is blocked or could be refreshed', () => {
    expect([state.isBlocked, state.canRefresh, state.token, state.generation]).toEqual([false, false, undefined, 0])
    expect(environment.wall < state.useUntil).toBe(false)
  })

  it('to a token of unknown lifetime count from now', () => {
    names({ type: 'adopted', record: readRecord({ access_token: 'a1' }, environment.wall) })
    expect(state.token?.receivedAt).toBe(environment.mono)
  })

  it('from unavailable keep the latest error, and cause no event, neither then nor when the store is read', () => {
    const later = new OAuthError('OAUTH_STORE_FAILED', 'made up, later')
    const changes: StateChange[] = [
      { type: 'load_failed', error: failure },
      { type: 'load_failed', error: later },
    ]
    expect(names(...changes)).toEqual([])
    expect(state.current).toEqual({ status: 'unavailable', error: later })
    expect(names({ type: 'adopted', record: stored(1) })).toEqual([])
  })

  it('from an empty store to a set that was stored elsewhere are an adoption', () => {
    expect(names({ type: 'removed' }, { type: 'adopted', record: stored(1) })).toEqual(['adopted'])
  })

  it('to signed out keep their reason and time when the store is empty later', () => {
    names({ type: 'signed_in', record: signedIn(1) }, { type: 'signed_out', reason: 'requested' })
    const before = state.current
    environment.wall += 1000
    expect(names({ type: 'removed' })).toEqual([])
    expect(state.current).toBe(before)
  })

  it('to unavailable happen only before a set is known', () => {
    names({ type: 'load_failed', error: failure })
    expect(state.current).toEqual({ status: 'unavailable', error: failure })
    names({ type: 'adopted', record: stored(1) }, { type: 'load_failed', error: failure })
    expect(state.current.status).toBe('signed_in')
    names({ type: 'signed_out', reason: 'requested' }, { type: 'load_failed', error: failure })
    expect(state.current.status).toBe('signed_out')
  })

  it.each<[string, () => StateChange[], string[]]>([
    ['a sign-in', () => [{ type: 'signed_in', record: signedIn(1) }], ['signed_in']],
    [
      'a sign-in of another user',
      () => [
        { type: 'signed_in', record: signedIn(1, 'ann') },
        { type: 'signed_in', record: signedIn(2, 'ben') },
      ],
      ['signed_in', 'signed_in', 'user_changed'],
    ],
    [
      'a second sign-in of an unknown user',
      () => [
        { type: 'signed_in', record: signedIn(1) },
        { type: 'signed_in', record: signedIn(2) },
      ],
      ['signed_in', 'signed_in', 'user_changed'],
    ],
    [
      'a second sign-in of the same user',
      () => [
        { type: 'signed_in', record: signedIn(1, 'ann') },
        { type: 'signed_in', record: signedIn(2, 'ann') },
      ],
      ['signed_in', 'signed_in'],
    ],
    [
      'a sign-in of another user after a sign-out',
      () => [
        { type: 'signed_in', record: signedIn(1, 'ann') },
        { type: 'signed_out', reason: 'requested' },
        { type: 'signed_in', record: signedIn(2, 'ben') },
      ],
      ['signed_in', 'signed_out', 'signed_in', 'user_changed'],
    ],
    [
      'a sign-in of the same user after a sign-out',
      () => [
        { type: 'signed_in', record: signedIn(1, 'ann') },
        { type: 'signed_out', reason: 'requested' },
        { type: 'signed_in', record: signedIn(2, 'ann') },
      ],
      ['signed_in', 'signed_out', 'signed_in'],
    ],
    [
      'a refresh that is stored',
      () => [
        { type: 'adopted', record: stored(1) },
        { type: 'refreshed', end, maxAge: 0, record: stored(2) },
      ],
      ['refreshed', 'saved'],
    ],
    [
      'a refresh that could not be stored, and is stored later',
      () => [
        { type: 'adopted', record: stored(1) },
        { type: 'refreshed', end, maxAge: 0, record: stored(2), saveError: failure },
        { type: 'saved' },
      ],
      ['refreshed', 'unpersisted', 'saved'],
    ],
    [
      'a set that another process stored',
      () => [
        { type: 'adopted', record: stored(1) },
        { type: 'adopted', record: stored(2) },
      ],
      ['adopted'],
    ],
    [
      'another user’s set that another process stored',
      () => [
        { type: 'adopted', record: stored(1) },
        { type: 'user_changed', record: stored(2, { user: 'ben' }) },
      ],
      ['user_changed', 'adopted'],
    ],
    [
      'another user’s set that another process stored after a sign-out here',
      () => [
        { type: 'signed_in', record: signedIn(1, 'ann') },
        { type: 'signed_out', reason: 'requested' },
        { type: 'adopted', record: stored(2, { user: 'ben' }) },
      ],
      ['signed_in', 'signed_out', 'user_changed', 'adopted'],
    ],
    [
      'a sign-out by another process',
      () => [{ type: 'adopted', record: stored(1) }, { type: 'removed' }, { type: 'removed' }],
      ['signed_out'],
    ],
    [
      'a second sign-out',
      () => [
        { type: 'adopted', record: stored(1) },
        { type: 'signed_out', reason: 'requested' },
        { type: 'signed_out', reason: 'requested' },
      ],
      ['signed_out'],
    ],
    ['a save after a sign-out', () => [{ type: 'signed_out', reason: 'requested' }, { type: 'saved' }], ['signed_out']],
  ])('cause notices: %s', (_what, changes, expected) => {
    expect(names(...changes())).toEqual(expected)
  })

  it('count generations: one more for each adopted set and each sign-out, none for a save', () => {
    const generations: number[] = []
    const changes: StateChange[] = [
      { type: 'adopted', record: stored(1) },
      { type: 'refreshed', end, maxAge: 0, record: stored(2), saveError: failure },
      { type: 'saved' },
      { type: 'signed_out', reason: 'requested' },
      { type: 'signed_in', record: signedIn(3) },
    ]
    for (const change of changes) {
      state.apply(change)
      generations.push(state.generation)
    }
    expect(generations).toEqual([1, 2, 2, 3, 4])
  })
})

describe('the epoch', () => {
  /** Is the epoch after the change the one before? */
  const staysAfter = (change: StateChange): boolean => {
    const before = state.epoch
    state.apply(change)
    return isSameEpoch(before, state.epoch)
  }

  it('stays at a refresh, and when another process refreshes', () => {
    state.apply({ type: 'adopted', record: stored(1) })
    expect(staysAfter({ type: 'refreshed', end, maxAge: 0, record: stored(2) })).toBe(true)
    expect(staysAfter({ type: 'adopted', record: stored(3) })).toBe(true)
    expect(staysAfter({ type: 'saved' })).toBe(true)
  })

  it('stays at a sign-in that is known to be the same user’s', () => {
    state.apply({ type: 'signed_in', record: signedIn(1, 'ann') })
    expect(staysAfter({ type: 'signed_in', record: signedIn(2, 'ann') })).toBe(true)
  })

  it.each<[string, () => StateChange]>([
    ['a sign-in of another user', () => ({ type: 'signed_in', record: signedIn(2, 'ben') })],
    ['a sign-in of an unknown user', () => ({ type: 'signed_in', record: signedIn(2) })],
    ['a sign-out', () => ({ type: 'signed_out', reason: 'requested' })],
    ['the end of the session', () => ({ type: 'signed_out', reason: 'invalid_grant' })],
    ['a sign-out by another process', () => ({ type: 'removed' })],
    ['another user’s sign-in in another process', () => ({ type: 'user_changed', record: stored(2, { user: 'ben' }) })],
  ])('ends with %s', (_what, change) => {
    state.apply({ type: 'signed_in', record: signedIn(1, 'ann') })
    expect(staysAfter(change())).toBe(false)
  })

  it('begins with a set that another process stores after a sign-out here', () => {
    state.apply({ type: 'signed_out', reason: 'requested' })
    expect(staysAfter({ type: 'adopted', record: stored(1) })).toBe(false)
  })

  it('continues when a set that stayed in the store is refreshed after its inferred end', () => {
    state.apply({ type: 'adopted', record: stored(1) })
    const before = state.epoch
    state.apply({ type: 'signed_out', reason: 'invalid_grant', retained: stored(1) })
    expect(isSameEpoch(before, state.epoch)).toBe(false)
    state.apply({ type: 'refreshed', end, maxAge: 0, record: stored(2) })
    expect(isSameEpoch(before, state.epoch)).toBe(true)
  })

  it('is merged with an earlier one on request', () => {
    const before = state.epoch
    state.apply({ type: 'signed_in', record: signedIn(1) })
    state.mergeEpoch(before)
    expect(isSameEpoch(before, state.epoch)).toBe(true)
  })
})

describe('the fast path', () => {
  const ends = (): number => state.useUntil - environment.wall

  it('lasts until the refresh window begins', () => {
    state.apply({ type: 'adopted', record: stored(1) })
    expect(ends()).toBe(REFRESH_FROM)
  })

  it('lasts until the jittered start of the refresh window', () => {
    environment.randomness = 1
    state.apply({ type: 'adopted', record: stored(1) })
    expect(ends()).toBe(900_000)
  })

  it('lasts until the expiry of a token that can not be refreshed', () => {
    state.apply({
      type: 'adopted',
      record: readRecord({ access_token: 'a', expires_in: 1000, expires_at: environment.wall / 1000 + 1000 }, environment.wall),
    })
    expect([ends(), state.canRefresh]).toEqual([1_000_000, false])
  })

  it.each<[string, () => void]>([
    ['was rejected and is being refreshed', () => state.block(true)],
    ['could not be stored', () => void state.apply({ type: 'saved', saveError: failure })],
    ['was signed out', () => void state.apply({ type: 'signed_out', reason: 'requested' })],
  ])('is closed when the token %s', (_what, change) => {
    state.apply({ type: 'adopted', record: stored(1) })
    change()
    expect(state.useUntil).toBe(-Infinity)
  })

  it('opens again when the token is stored after all, when the refresh ends, and with the next token', () => {
    state.apply({ type: 'adopted', record: stored(1) })
    state.apply({ type: 'saved', saveError: failure })
    state.apply({ type: 'saved' })
    expect(ends()).toBe(REFRESH_FROM)
    state.block(true)
    state.block(false)
    expect(ends()).toBe(REFRESH_FROM)
    state.block(true)
    state.apply({ type: 'adopted', record: stored(2) })
    expect([ends(), state.isBlocked]).toEqual([REFRESH_FROM, false])
  })

  it('follows a clock that has jumped back', () => {
    state.apply({ type: 'adopted', record: stored(1) })
    const right = environment.wall
    environment.wall -= 3_600_000
    clock.correctJump(environment.wall, right)
    state.updateFastPath()
    expect(ends()).toBe(REFRESH_FROM)
  })

  it('is closed for a set without an access token', () => {
    state.apply({ type: 'adopted', record: readRecord({ refresh_token: 'r1' }, environment.wall) })
    expect([state.useUntil, state.token?.accessToken, state.canRefresh]).toEqual([-Infinity, undefined, true])
  })
})
