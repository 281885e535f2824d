import axios from 'axios'
import pg from 'pg'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRotatingServer, type RotatingServer } from '../../scripts/servers/start.js'
import { refreshToken } from '../../src/grants/index.js'
import { attachOAuth, type WriteContext } from '../../src/index.js'
import type { SharedTokenStore } from '../../src/shared.js'
import { postgresSchema, postgresStore, type PostgresPool } from '../../src/stores/postgres.js'
import { deferred, rejection } from '../helpers/client.js'

const set: WriteContext = { mode: 'set', replacing: undefined }
const first = { access_token: 'made-up-access-1', refresh_token: 'made-up-refresh-1' }
const second = { access_token: 'made-up-access-2', refresh_token: 'made-up-refresh-2' }
const waitLimit = (): AbortSignal => AbortSignal.timeout(20_000)

let server: Awaited<ReturnType<typeof startPostgres>>
/** A connection of the test's own, outside of every pool. */
let observer: pg.Client
const pools: pg.Pool[] = []

beforeAll(async () => {
  server = await startPostgres()
  observer = new pg.Client(server.config)
  await observer.connect()
  await observer.query(postgresSchema())
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.ending || pool.end()))
  await observer.query('ROLLBACK')
  await observer.query('TRUNCATE oauth_tokens')
})
afterAll(async () => {
  await observer.end()
  await server.stop()
})

function makePool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...server.config, ...options }).on('error', () => undefined)
  pools.push(pool)
  return pool
}

const open = (pool: pg.Pool | PostgresPool, key = 'alice', listen = false): SharedTokenStore =>
  postgresStore(pool as never, { key, listen })

const committed = async (key = 'alice'): Promise<unknown> => {
  const { rows } = await observer.query<{ tokens: string }>('SELECT tokens FROM oauth_tokens WHERE key = $1', [key])
  return rows[0] && JSON.parse(rows[0].tokens)
}

/** Puts a connection with an open transaction into the pool. */
async function leaveTransactionOpen(pool: pg.Pool, statement: string): Promise<void> {
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query(statement).catch(() => undefined)
  client.release()
}

/** A pool of which only the two methods are known, as that of a wrapper around `pg`. */
const wrapped = (pool: pg.Pool, max?: number): PostgresPool => ({
  query: (text, values) => pool.query(text, values),
  connect: () => pool.connect() as never,
  ...(max !== undefined && { options: { max } }),
})

describe.each([
  ['an open transaction', 'SELECT 1'],
  ['a failed transaction', 'SELECT 1 / 0'],
])('a pooled connection with %s', (_state, statement) => {
  it('does not keep a token set from being committed', async () => {
    const pool = makePool({ max: 2 })
    await leaveTransactionOpen(pool, statement)
    const store = open(pool)
    await store.write(first, set)
    expect(await committed()).toEqual(first)
    await store.lock(async () => {
      expect(await store.read()).toEqual(first)
      expect(await store.write(second, { mode: 'replace', replacing: first })).toBe(true)
      expect(await committed()).toEqual(second)
    }, waitLimit())
  })

  it('is neither committed nor rolled back by the store', async () => {
    const pool = makePool({ max: 1 })
    await leaveTransactionOpen(pool, `CREATE TEMPORARY TABLE made_up (id int)`)
    const store = open(pool)
    await store.lock(() => Promise.resolve(store.write(first, set)), waitLimit())
    await expect(pool.query('SELECT count(*) FROM made_up')).resolves.toMatchObject({ rows: [{ count: '0' }] })
    await pool.query('ROLLBACK')
    expect(await committed()).toEqual(first)
  })

  it('is replaced where the store has no other connections than those of the pool', async () => {
    const pool = makePool({ max: 2 })
    await leaveTransactionOpen(pool, statement)
    const store = open(wrapped(pool))
    await store.lock(async () => {
      expect(await store.read()).toBeUndefined()
      await store.write(first, set)
    }, waitLimit())
    expect(await committed()).toEqual(first)
  })
})

it('a pool that hands out nothing but open transactions is refused with what to do', async () => {
  const pool = makePool({ max: 2 })
  const dirty: PostgresPool = {
    ...wrapped(pool),
    async connect() {
      const client = await pool.connect()
      await client.query('BEGIN')
      return client as never
    },
  }
  const error = await rejection(Promise.resolve(open(dirty).write(first, set)))
  expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  expect(error.message).toMatch(/ROLLBACK before client\.release\(\)/)
  expect(pool.totalCount).toBe(0)
})

describe('a pool of one connection', () => {
  it('serves all others while the lock is held', async () => {
    const pool = makePool({ max: 1 })
    const [alice, bob] = [open(pool, 'alice', true), open(pool, 'bob', true)]
    const stop = bob.subscribe!(() => undefined)
    await bob.write(first, set)
    const [entered, finish] = [deferred(), deferred()]
    const refreshing = alice.lock(async () => {
      entered.resolve()
      await finish.promise
      await alice.write(second, set)
    }, waitLimit())
    await entered.promise
    await pool.query('SELECT 1')
    expect(await bob.read()).toEqual(first)
    await bob.lock(() => Promise.resolve(bob.write(second, { mode: 'replace', replacing: first })), waitLimit())
    finish.resolve()
    await refreshing
    expect([await committed('alice'), await committed('bob')]).toEqual([second, second])
    stop()
  })

  it('answers the requests of other users while the token endpoint keeps one of them waiting', async () => {
    const authorization: RotatingServer = await startRotatingServer({ lifetime: 3_600_000 })
    const pool = makePool({ max: 1 })
    const user = async (key: string) => {
      const api = axios.create({ baseURL: authorization.apiUrl })
      const refresh = refreshToken({ tokenEndpoint: authorization.tokenEndpoint, clientId: key })
      const session = attachOAuth(api, open(pool, key), { refresh })
      await session.signIn(await authorization.mint())
      return { api, session }
    }
    const [alice, bob] = [await user('alice'), await user('bob')]
    await authorization.refuseAccessTokens()
    await authorization.hold('redeemed')
    const waiting = alice.api.get('/item')
    expect(await authorization.heard()).toBe('alice')
    expect((await bob.api.get('/item')).status).toBe(200)
    await pool.query('SELECT 1')
    await authorization.releaseAnswers()
    expect((await waiting).status).toBe(200)
    expect(await authorization.counts()).toMatchObject({ refreshGrants: 2, refreshTokensReused: 0 })
    alice.session.detach()
    bob.session.detach()
    await authorization.stop()
  })

  it('is refused where the store has no other connections', () => {
    const pool = makePool({ max: 1 })
    expect(() => open(wrapped(pool, 1))).toThrow(TypeError)
    expect(() => open(wrapped(pool, 1))).toThrow(/max of 2 or more/)
    expect(() => open(wrapped(pool, 2))).not.toThrow()
  })
})

describe('the connection of the store', () => {
  it.each([
    ['a listener of the pool', {}],
    ['the option onConnect of the pool', { onConnect: (client: pg.ClientBase) => client.query('SET search_path = tenant') }],
  ])('is configured by %s, as those of the pool are', async (_what, options) => {
    await observer.query('CREATE SCHEMA IF NOT EXISTS tenant')
    await observer.query(postgresSchema('tenant.oauth_tokens'))
    const pool = makePool({ max: 1, ...(options as pg.PoolConfig) })
    if (!('onConnect' in options)) pool.on('connect', (client) => void client.query('SET search_path = tenant'))
    await open(pool).write(first, set)
    expect(await committed()).toBeUndefined()
    const { rows } = await observer.query('SELECT key FROM tenant.oauth_tokens')
    expect(rows).toEqual([{ key: 'alice' }])
    await observer.query('DROP SCHEMA tenant CASCADE')
  })

  it('is reported by the pool like any other: one connect and one remove', async () => {
    const pool = makePool({ max: 1 })
    const events: string[] = []
    const removed = new Promise<void>((resolve) => {
      pool.on('connect', () => events.push('connect'))
      pool.on('remove', () => {
        events.push('remove')
        resolve()
      })
    })
    await open(pool).write(first, set)
    expect([events, pool.totalCount]).toEqual([['connect'], 0])
    await pool.end()
    await removed
    expect(events).toEqual(['connect', 'remove'])
  })

  it('ends with the pool, also while changes are listened to, and is not opened again', async () => {
    const pool = makePool({ max: 1, application_name: 'made-up-application' })
    const store = open(pool, 'alice', true)
    const stop = store.subscribe!(() => undefined)
    await store.write(first, set)
    const connections = async (): Promise<number> => {
      const { rows } = await observer.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'made-up-application'")
      return rows.length
    }
    expect(await connections()).toBe(1)
    await pool.end()
    while ((await connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await rejection(Promise.resolve(store.read()))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(await connections()).toBe(0)
    stop()
  })
})

describe('a row that a transaction of the application has locked', () => {
  async function lockRow(): Promise<() => Promise<unknown>> {
    await open(makePool({ max: 1 })).write(first, set)
    await observer.query('BEGIN')
    await observer.query("SELECT 1 FROM oauth_tokens WHERE key = 'alice' FOR UPDATE")
    return () => observer.query('ROLLBACK')
  }

  it('does not delay the reads and writes of other users, and is written when the transaction ends', async () => {
    const unlock = await lockRow()
    const pool = makePool({ max: 1 })
    const events: string[] = []
    const writing = Promise.resolve(open(pool).write(second, set)).then(() => events.push('alice'))
    await open(pool, 'bob').write(first, set)
    await open(pool, 'bob').read()
    events.push('bob')
    await unlock()
    await writing
    expect(events).toEqual(['bob', 'alice'])
    expect(await committed()).toEqual(second)
  })

  it('does not keep another user from getting the lock', async () => {
    const unlock = await lockRow()
    const pool = makePool({ max: 1 })
    const events: string[] = []
    const alice = open(pool).lock(() => Promise.resolve(events.push('alice')), waitLimit())
    await open(pool, 'bob').lock(() => Promise.resolve(events.push('bob')), waitLimit())
    await unlock()
    await alice
    expect(events).toEqual(['bob', 'alice'])
  })

  it.each([
    ['another process', false],
    ['another store of the process', true],
  ])('keeps the lock from %s until a save that the session no longer waits for has settled', async (_who, samePool) => {
    const pool = makePool({ max: 1 })
    const store = open(pool)
    const unlock = await store.lock(async () => {
      const end = await lockRow()
      void store.write(second, { mode: 'replace', replacing: first })
      return end
    }, waitLimit())
    const next = open(samePool ? pool : makePool({ max: 1 }))
    const seen = next.lock(() => Promise.resolve(next.read()), waitLimit())
    await unlock()
    expect(await seen).toEqual(second)
  })
})

describe('a pool whose parser leaves booleans as text', () => {
  const types = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig

  it.each([
    ['its own connection', (pool: pg.Pool) => open(pool)],
    ['a connection of the pool', (pool: pg.Pool) => open(wrapped(pool))],
  ])('gets the lock, over %s', async (_which, from) => {
    const store = from(makePool({ max: 2, types }))
    await store.write(first, set)
    await store.lock(() => Promise.resolve(store.write(second, { mode: 'replace', replacing: first })), waitLimit())
    expect(await committed()).toEqual(second)
  })
})
