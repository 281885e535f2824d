import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRedis } from '../../scripts/servers/redis.js'
import type { WriteContext } from '../../src/index.js'
import type { SharedTokenStore } from '../../src/shared.js'
import { postgresSchema, postgresStore } from '../../src/stores/postgres.js'
import { redisStore } from '../../src/stores/redis.js'
import { rejection } from '../helpers/client.js'

const set: WriteContext = { mode: 'set', replacing: undefined }
const tokens = { access_token: 'made-up-access', refresh_token: 'made-up-refresh' }
const limit = (): AbortSignal => AbortSignal.timeout(20_000)

/** Takes the lock, changes the server so that it refuses writes, and returns what the check says then. */
function checkedAfter(store: SharedTokenStore, change: () => Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return store.lock(async () => {
    await store.checkWritable!(tokens)
    await change()
    return rejection(Promise.resolve(store.checkWritable!(tokens)))
  }, limit())
}

describe.each(['redis', 'ioredis'] as const)('checkWritable of redisStore, with %s', (name) => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let admin: Redis
  let store: SharedTokenStore
  let close: () => unknown
  beforeEach(async () => {
    server = await startRedis()
    admin = new Redis({ path: server.path })
    if (name === 'redis') {
      const client = createClient({ socket: { path: server.path, tls: false as const } })
      await client.connect()
      close = () => client.destroy()
      store = redisStore(client as never, { key: 'alice', subscriber: false })
    } else {
      const client = new Redis({ path: server.path })
      close = () => client.disconnect()
      store = redisStore(client as never, { key: 'alice', subscriber: false })
    }
  })
  afterEach(async () => {
    close()
    admin.disconnect()
    await server.stop()
  })

  it.each([
    ['has become a read-only replica', /READONLY.*connect to the primary/, () => admin.call('REPLICAOF', '127.0.0.1', '1')],
    ['has no memory left and evicts nothing', /OOM.*out of memory/, () => admin.config('SET', 'maxmemory', '1')],
    ['has too few replicas', /NOREPLICAS/, () => admin.config('SET', 'min-replicas-to-write', '1')],
  ])('rejects when the server %s, as the save would', async (_what, reason, change) => {
    await store.write(tokens, set)
    const error = await checkedAfter(store, change)
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(error.message).toMatch(reason)
    expect(error.message).not.toContain('made-up-')
    expect(await rejection(Promise.resolve(store.write(tokens, set)))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(await store.read()).toEqual(tokens)
  })

  it.each([
    ['a stored set', tokens],
    ['nothing', undefined],
  ])('changes nothing where there is %s', async (_what, stored) => {
    await store.write(stored, set)
    const before = await admin.hgetall('alice')
    await store.checkWritable!(stored)
    expect(await admin.hgetall('alice')).toEqual(before)
    expect(await store.read()).toEqual(stored)
  })
})

describe('checkWritable of postgresStore', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let admin: pg.Client
  let pool: pg.Pool
  let store: SharedTokenStore
  beforeAll(async () => {
    server = await startPostgres()
    admin = new pg.Client(server.config)
    await admin.connect()
    await admin.query("CREATE ROLE app LOGIN PASSWORD 'made-up'")
  })
  beforeEach(async () => {
    await admin.query(`DROP TABLE IF EXISTS oauth_tokens; ${postgresSchema()}`)
    await admin.query('GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_tokens TO app')
    pool = new pg.Pool({ ...server.config, user: 'app' }).on('error', () => undefined)
    store = postgresStore(pool as never, { key: 'alice', listen: false })
  })
  afterEach(() => pool.end())
  afterAll(async () => {
    await admin.end()
    await server.stop()
  })

  /** A setting of the server reaches the open sessions some time after the reload. */
  async function makeReadOnly(): Promise<void> {
    await admin.query('ALTER SYSTEM SET default_transaction_read_only = on')
    await admin.query('SELECT pg_reload_conf()')
    while (
      !(await Promise.resolve(store.checkWritable!(tokens)).then(
        () => false,
        () => true,
      ))
    )
      await new Promise((resolve) => setTimeout(resolve, 10))
  }
  async function makeWritable(): Promise<void> {
    await admin.query('SET default_transaction_read_only = off')
    await admin.query('ALTER SYSTEM RESET default_transaction_read_only')
    await admin.query('SELECT pg_reload_conf()')
  }

  it.each([
    ['a stored set', tokens],
    ['nothing', undefined],
  ])('rejects when the server has become read-only, where there is %s', async (_what, stored) => {
    await store.write(stored, set)
    try {
      const error = await checkedAfter(store, makeReadOnly)
      expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
      expect(error.message).toMatch(/25006.*connect to the primary/)
    } finally {
      await makeWritable()
    }
  })

  it.each(['UPDATE', 'INSERT'])('rejects when the user has lost the right to %s', async (right) => {
    await store.write(tokens, set)
    const error = await checkedAfter(store, () => admin.query(`REVOKE ${right} ON oauth_tokens FROM app`))
    expect(error.message).toMatch(/42501.*permission denied/)
  })

  it.each([
    ['a stored set', tokens],
    ['nothing', undefined],
  ])('changes nothing where there is %s', async (_what, stored) => {
    await store.write(stored, set)
    const rows = async (): Promise<unknown> => (await admin.query('SELECT * FROM oauth_tokens')).rows
    const before = await rows()
    await store.checkWritable!(stored)
    expect(await rows()).toEqual(before)
  })
})
