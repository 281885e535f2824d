import { OAuthError } from '../../src/errors.js'
import { readSettings } from '../../src/axios/options.js'
import { renewTokens, saveRecord } from '../../src/persistence/renew.js'
import { StoreAccess } from '../../src/persistence/store-access.js'
import type { ExchangeResult, Renewal, RenewRequest } from '../../src/session/persistence.js'
import { memoryStore } from '../../src/stores/memory.js'
import { readRecord, type TokenRecord } from '../../src/token-record.js'
import type { TokenJSON, TokenStore } from '../../src/types.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { storeElsewhere, storeWith, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const settings = readSettings('createSession', memoryStore(), { refresh: false })
const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)
const record = (tokens: TokenJSON): TokenRecord => readRecord(tokens, environment.wall)
const ended = new OAuthError('OAUTH_INVALID_GRANT', 'made up')
const failure = new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up')
const of = (user: string): object => ({ 'axios-attach-oauth': { user } })

/** Renews a1, which is stored and in use; `meanwhile` happens before. */
async function renew(
  answers: ExchangeResult[],
  options: Partial<RenewRequest> & { meanwhile?: (store: TokenStore) => unknown; store?: TokenStore; lost?: AbortSignal } = {},
): Promise<Renewal & { bases: unknown[]; stored: TokenJSON | null | undefined }> {
  const { store = memoryStore(a(1)), meanwhile, lost, ...rest } = options
  const access = new StoreAccess(store, environment, 10_000)
  access.acknowledge(await access.read())
  await meanwhile?.(store)
  const bases: unknown[] = []
  const renewal = await renewTokens(
    access,
    environment,
    settings,
    {
      current: record(a(1)),
      adoptStored: true,
      isLate: false,
      superseded: { aborted: false },
      exchange: async (base) => {
        bases.push(base?.parsed.refreshToken)
        return answers[bases.length - 1]!
      },
      ...rest,
    },
    lost,
  )
  return { ...renewal, bases, stored: await store.read() }
}
const received = (n: number): ExchangeResult => ({ type: 'received', record: record(a(n)) })
const accessTokenOf = ({ outcome }: Renewal): unknown => (outcome as { record?: TokenRecord }).record?.parsed.accessToken

describe('a renewal', () => {
  it('exchanges the set in use and stores the new one', async () => {
    const renewal = await renew([received(2)])
    expect(renewal).toMatchObject({ outcome: { type: 'refreshed' }, bases: ['r1'], stored: { access_token: 'a2' } })
  })

  it('adopts a fresh set that another process has stored, without an exchange', async () => {
    const renewal = await renew([], { meanwhile: (store) => storeElsewhere(store, a(7)) })
    expect([renewal.outcome.type, accessTokenOf(renewal), renewal.bases]).toEqual(['adopted', 'a7', []])
  })

  it.each<[string, () => TokenJSON]>([
    ['an expired set', () => a(7, 0)],
    ['the rejected access token with another refresh token', () => ({ ...a(1), refresh_token: 'r7' })],
    ['a set without an access token', () => ({ refresh_token: 'r7' })],
  ])('exchanges %s that another process has stored', async (_what, tokens) => {
    const renewal = await renew([received(2)], { meanwhile: (store) => storeElsewhere(store, tokens()) })
    expect([renewal.outcome.type, renewal.bases]).toEqual(['refreshed', ['r7']])
  })

  it('keeps a newer set that it found when the exchange fails', async () => {
    const renewal = await renew([{ type: 'failed', error: failure }], { meanwhile: (store) => storeElsewhere(store, a(7, 0)) })
    expect(renewal.outcome).toMatchObject({ type: 'failed', error: failure, adopted: { parsed: { refreshToken: 'r7' } } })
  })

  it('exchanges nothing for another user whom it finds in the store', async () => {
    const renewal = await renew([], {
      current: record({ ...a(1), ...of('ann') }),
      meanwhile: (store) => storeElsewhere(store, { ...a(7, 0), ...of('ben') }),
    })
    expect([renewal.outcome.type, accessTokenOf(renewal), renewal.bases]).toEqual(['user_changed', 'a7', []])
  })

  it('finds a sign-out by another process', async () => {
    const renewal = await renew([], { meanwhile: (store) => storeElsewhere(store, undefined) })
    expect([renewal.outcome, renewal.bases]).toEqual([{ type: 'removed' }, []])
  })

  it('that is superseded before the exchange asks nothing', async () => {
    const renewal = await renew([received(2)], { superseded: { aborted: true } })
    expect([renewal.outcome, renewal.bases, renewal.stored]).toEqual([{ type: 'superseded' }, [], a(1)])
  })

  it('that is superseded during the exchange stores nothing, and reports the unused set', async () => {
    const superseded = { aborted: false }
    const renewal = await renew([], {
      superseded,
      exchange: async () => {
        superseded.aborted = true
        return received(2)
      },
    })
    expect(renewal).toMatchObject({ outcome: { type: 'superseded' }, unused: { parsed: { accessToken: 'a2' } }, stored: a(1) })
  })

  it.each<[string, (store: TokenStore) => unknown, string, TokenJSON | undefined]>([
    ['another set', (store) => storeElsewhere(store, a(7)), 'adopted', { access_token: 'a7' }],
    ['a deletion', (store) => storeElsewhere(store, undefined), 'removed', undefined],
  ])(
    'does not overwrite %s that comes during the exchange, and reports the unused set',
    async (_what, meanwhile, type, stored) => {
      const store = memoryStore(a(1))
      const renewal = await renew([], { store, exchange: async () => (await meanwhile(store), received(2)) })
      expect(renewal).toMatchObject({ outcome: { type }, unused: { parsed: { accessToken: 'a2' } } })
      expect(renewal.stored).toEqual(stored && expect.objectContaining(stored))
    },
  )

  it('reports why the new set could not be saved', async () => {
    const store = storeWith(a(1), () => ({ write: () => Promise.reject(new Error('made up')) }))
    const { outcome } = await renew([received(2)], { store })
    expect(outcome).toMatchObject({ type: 'refreshed', saveError: { code: 'OAUTH_STORE_FAILED' } })
  })

  it('stores a rotated refresh token from an unusable answer, and fails', async () => {
    const rotated = record({ ...a(1), refresh_token: 'r2' })
    const renewal = await renew([{ type: 'rotated', record: rotated, error: failure }])
    expect(renewal).toMatchObject({
      outcome: { type: 'failed', error: failure, rotated: { record: rotated } },
      stored: { refresh_token: 'r2' },
    })
  })

  it('that is superseded during an exchange that fails is superseded, not failed', async () => {
    const superseded = { aborted: false }
    const exchange = async (): Promise<ExchangeResult> => ((superseded.aborted = true), { type: 'failed', error: failure })
    expect((await renew([], { superseded, exchange })).outcome).toEqual({ type: 'superseded' })
  })

  it('goes on with the set in use when the store holds that by now', async () => {
    const renewal = await renew([received(3)], { current: record(a(2)), meanwhile: (store) => storeElsewhere(store, a(2)) })
    expect(renewal).toMatchObject({ outcome: { type: 'refreshed' }, bases: ['r2'], stored: { access_token: 'a3' } })
  })

  it('stores the new set over the set in use when that arrives in the store during the exchange', async () => {
    const store = memoryStore(a(1))
    const exchange = async (): Promise<ExchangeResult> => (await storeElsewhere(store, a(2)), received(3))
    const renewal = await renew([], { store, current: record(a(2)), exchange })
    expect(renewal).toMatchObject({ outcome: { type: 'refreshed' }, stored: { access_token: 'a3' } })
    expect(renewal.unused).toBeUndefined()
  })

  it('exchanges and overwrites nothing when the store holds an unusable set, and names the store', async () => {
    const rubbish = { access_token: 'a\n7' }
    const store = { ...memoryStore(a(1)), name: 'made-up store' }
    const renewal = await renew([], { store, meanwhile: () => storeElsewhere(store, rubbish) })
    expect(renewal.outcome).toMatchObject({
      type: 'failed',
      error: { code: 'OAUTH_TOKEN_INVALID', message: expect.stringContaining('(made-up store) holds no usable token set') },
    })
    expect([renewal.bases, renewal.stored]).toEqual([[], rubbish])
  })

  it('fails with the error of a store that can not be read', async () => {
    let isBroken = false
    const store = storeWith(a(1), (kept) => ({
      read: () => {
        if (isBroken) throw new Error('made up')
        return kept.read()
      },
    }))
    const access = new StoreAccess(store, environment, 10_000)
    isBroken = true
    const request = {
      current: undefined,
      adoptStored: true,
      isLate: false,
      superseded: { aborted: false },
      exchange: async () => received(2),
    }
    expect(await renewTokens(access, environment, settings, request)).toMatchObject({
      outcome: { type: 'failed', error: { code: 'OAUTH_STORE_FAILED' } },
    })
  })

  it('tells the exchange that the store can not be written, when there is a refresh token to lose', async () => {
    const seen: unknown[] = []
    for (const tokens of [a(1), { access_token: 'a1' }]) {
      const store = storeWith(tokens, () => ({ checkWritable: () => Promise.reject(new Error('read-only')) }))
      await renew([], {
        store,
        current: record(tokens),
        exchange: async (_base, unwritable) => (seen.push(unwritable?.code), { type: 'failed', error: failure }),
      })
    }
    expect(seen).toEqual(['OAUTH_STORE_FAILED', undefined])
  })
})

describe('a renewal whose refresh token is dead', () => {
  const dead = (keepStored = false): ExchangeResult => ({ type: 'ended', error: ended, keepStored })

  it('deletes the stored set', async () => {
    const renewal = await renew([dead()])
    expect([renewal.outcome, renewal.stored]).toEqual([{ type: 'ended', error: ended }, undefined])
  })

  it('keeps the stored set when the end is inferred', async () => {
    const renewal = await renew([dead(true)])
    expect(renewal.outcome).toMatchObject({ type: 'ended', error: ended, retained: { parsed: { refreshToken: 'r1' } } })
    expect(renewal.stored).toEqual(a(1))
  })

  it.each([false, true])('goes on with the set that another process stored meanwhile (end inferred: %s)', async (keepStored) => {
    const store = memoryStore(a(1))
    const fresh = await renew([], { store, exchange: async () => (await storeElsewhere(store, a(7)), dead(keepStored)) })
    expect([fresh.outcome.type, accessTokenOf(fresh), fresh.stored]).toEqual(['adopted', 'a7', a(7)])
  })

  it('exchanges an expired set that another process stored meanwhile', async () => {
    const store = memoryStore(a(1))
    const bases: unknown[] = []
    const renewal = await renew([], {
      store,
      exchange: async (base) => {
        bases.push(base?.parsed.refreshToken)
        if (bases.length > 1) return received(2)
        await storeElsewhere(store, a(7, 0))
        return dead()
      },
    })
    expect([renewal.outcome.type, bases]).toEqual(['refreshed', ['r1', 'r7']])
  })

  it('that is superseded while the set is deleted ends nothing', async () => {
    const superseded = { aborted: false }
    const store = storeWith(a(1), () => ({ write: () => void (superseded.aborted = true) }))
    expect((await renew([dead()], { store, superseded })).outcome).toEqual({ type: 'superseded' })
  })

  it('ends the session also when the stored set can not be deleted', async () => {
    const store = storeWith(a(1), () => ({ write: () => Promise.reject(new Error('made up')) }))
    expect((await renew([dead()], { store })).outcome).toEqual({ type: 'ended', error: ended })
  })

  it('ends the session when another process has deleted the set', async () => {
    const store = memoryStore(a(1))
    const renewal = await renew([], { store, exchange: async () => (await storeElsewhere(store, undefined), dead()) })
    expect(renewal.outcome.type).toBe('ended')
  })
})

describe('saving again', () => {
  const now = (): number => environment.wall

  /** Saves a2 over a1, which is known to be stored. */
  async function save(meanwhile: (store: TokenStore) => unknown, superseded = { aborted: false }): Promise<unknown[]> {
    const store = memoryStore(a(1))
    const access = new StoreAccess(store, environment, 10_000)
    access.acknowledge(await access.read())
    await meanwhile(store)
    const { type } = await saveRecord(access, record(a(2)), superseded, now)
    return [type, (await store.read())?.access_token]
  }

  it.each<[string, (store: TokenStore) => unknown, unknown[]]>([
    ['stores the set when the store has not changed', () => undefined, ['saved', 'a2']],
    ['finds that the set is stored already', (store) => storeElsewhere(store, a(2)), ['saved', 'a2']],
    ['adopts a set that another process has stored', (store) => storeElsewhere(store, a(7)), ['adopted', 'a7']],
    ['finds a sign-out by another process', (store) => storeElsewhere(store, undefined), ['removed', undefined]],
  ])('%s', async (_what, meanwhile, expected) => {
    expect(await save(meanwhile)).toEqual(expected)
  })

  it('stores nothing when it is superseded', async () => {
    expect(await save(() => undefined, { aborted: true })).toEqual(['superseded', 'a1'])
  })

  it('rejects with the error of the store', async () => {
    const access = new StoreAccess(
      storeWith(undefined, () => ({ write: () => Promise.reject(new Error('made up')) })),
      environment,
      10_000,
    )
    expect(await rejection(saveRecord(access, record(a(2)), { aborted: false }, now))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
    })
  })
})

it('a set that has been received is kept in memory when the store holds garbage at the save', async () => {
  const store = memoryStore(a(1))
  const exchange = async (): Promise<ExchangeResult> => {
    await storeElsewhere(store, { note: 'made up' })
    return received(2)
  }
  const { outcome, stored } = await renew([], { store, exchange })
  expect(outcome).toMatchObject({ type: 'refreshed', saveError: { code: 'OAUTH_TOKEN_INVALID' } })
  expect(stored).toEqual({ note: 'made up' })
})

it('a store that gives instances of a class with getters is read and written once', async () => {
  let stored = a(1)
  class Row {
    get access_token(): unknown {
      return stored.access_token
    }
    get refresh_token(): unknown {
      return stored.refresh_token
    }
  }
  let writes = 0
  const store: TokenStore = {
    read: () => new Row() as unknown as TokenJSON,
    write(tokens) {
      writes++
      stored = tokens as typeof stored
    },
  }
  const { outcome } = await renew([received(2)], { store })
  expect([outcome.type, writes, stored.access_token]).toEqual(['refreshed', 1, 'a2'])
})

it('a set that another session replaces while it is saved a second time is not reported as saved', async () => {
  let stored: TokenJSON = a(2)
  let writes = 0
  const store: TokenStore = {
    read: () => stored,
    write() {
      writes++
      stored = a(7)
      return false
    },
  }
  const access = new StoreAccess(store, environment, 10_000)
  const outcome = await saveRecord(access, record(a(2)), { aborted: false }, () => environment.wall)
  expect([writes, outcome]).toMatchObject([1, { type: 'adopted', record: { parsed: { accessToken: 'a7' } } }])
})
