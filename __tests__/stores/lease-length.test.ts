import { Redis } from 'ioredis'
import pg from 'pg'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRedis } from '../../scripts/servers/redis.js'
import { postgresSchema, postgresStore } from '../../src/stores/postgres.js'
import { redisStore } from '../../src/stores/redis.js'
import { deferred, rejection } from '../helpers/client.js'

const HOUR = 3_600_000
const limit = (ms: number): AbortSignal => AbortSignal.timeout(ms)
const done = async (): Promise<string> => 'done'

describe('a lease of Redis whose end lies an hour ahead, because the clock of the server was set back', () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let client: Redis
  const open = (key: string, lease: number) => redisStore(client as never, { key, lease, subscriber: false })
  beforeAll(async () => {
    server = await startRedis()
    client = new Redis({ path: server.path })
  })
  afterAll(async () => {
    client.disconnect()
    await server.stop()
  })

  it.each([
    ['this release', { lease: '300' }],
    ['release 0.1, which did not store the length', {}],
  ])('is waited for no longer than its length when its holder is dead (%s)', async (_what, fields) => {
    const key = `dead ${Object.keys(fields).length}`
    await client.hset(key, { owner: 'made-up', until: String(Date.now() + HOUR), fence: String(Date.now() + HOUR), ...fields })
    expect(await open(key, 300).lock!(done, limit(20_000))).toBe('done')
  })

  it('is not taken from a holder that renews it, also by one whose own lease is shorter', async () => {
    const [entered, finish] = [deferred(), deferred()]
    const holder = open('alive', 3000).lock!(async (lost) => {
      entered.resolve()
      await finish.promise
      return lost?.aborted
    }, limit(20_000))
    await entered.promise
    await client.hset('alive', { until: String(Date.now() + HOUR) })
    expect(await rejection(open('alive', 50).lock!(done, limit(2500)))).toMatchObject({ name: 'TimeoutError' })
    finish.resolve()
    expect(await holder).toBe(false)
  })
})

describe('a mark of PostgreSQL that was set an hour ahead of the present clock of the server', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let pool: pg.Pool
  beforeAll(async () => {
    server = await startPostgres()
    pool = new pg.Pool(server.config).on('error', () => undefined)
    await pool.query(postgresSchema())
  })
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  it('is waited for no longer than its grace when its holder is dead', async () => {
    await pool.query(
      "INSERT INTO oauth_tokens (key, tokens, holder, held_at) VALUES ('alice', '{}', 'made-up', now() + interval '1 hour')",
    )
    const store = postgresStore(pool as never, { key: 'alice', grace: 300, listen: false })
    expect(await store.lock!(done, limit(20_000))).toBe('done')
  })

  it('is not taken from a holder that confirms it', async () => {
    await pool.query(
      "INSERT INTO oauth_tokens (key, tokens, holder, held_at) VALUES ('bob', '{}', 'made-up', now() + interval '1 hour')",
    )
    let confirming = true
    const confirm = async (): Promise<void> => {
      while (confirming) await pool.query("UPDATE oauth_tokens SET held_at = now() WHERE key = 'bob' AND holder = 'made-up'")
    }
    const confirmed = confirm()
    const store = postgresStore(pool as never, { key: 'bob', grace: 500, listen: false })
    expect(await rejection(store.lock!(done, limit(2000)))).toMatchObject({ name: 'TimeoutError' })
    confirming = false
    await confirmed
  })
})
