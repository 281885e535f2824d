import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { startRedis } from '../../scripts/servers/redis.js'
import { redisStore, type RedisStoreOptions } from '../../src/stores/redis.js'
import { deferred, rejection } from '../helpers/client.js'

const set = { mode: 'set', replacing: undefined } as const
const first = { access_token: 'made-up-access-1', refresh_token: 'made-up-refresh-1' }
const second = { access_token: 'made-up-access-2', refresh_token: 'made-up-refresh-2' }
const limit = (): AbortSignal => AbortSignal.timeout(20_000)

let server: Awaited<ReturnType<typeof startRedis>>
let client: Redis
const open = (key: string, options: Partial<RedisStoreOptions> = {}) =>
  redisStore(client as never, { key, subscriber: false, ...options })
beforeAll(async () => {
  server = await startRedis()
  client = new Redis({ path: server.path })
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})

describe('a record that another tool writes to the key of a user who has signed out', () => {
  it('does not expire', async () => {
    const store = open('tool')
    await store.lock(() => Promise.resolve(store.write(first, set)), limit())
    await store.write(undefined, set)
    await client.hset('tool', 'tokens', JSON.stringify(second))
    expect(await client.pttl('tool')).toBe(-1)
    expect(await open('tool').read()).toEqual(second)
  })

  it('does not expire after its first refresh, also if the lock was held when the user signed out', async () => {
    const store = open('held')
    await store.write(first, set)
    await store.lock(() => Promise.resolve(store.write(undefined, set)), limit())
    await client.hset('held', 'tokens', JSON.stringify(second))
    expect(await client.pttl('held')).toBeGreaterThan(0)
    await store.lock(() => Promise.resolve(), limit())
    expect(await client.pttl('held')).toBe(-1)
  })
})

describe('a record with expireAfter', () => {
  it('that would expire during a refresh lives as long as the lease, and the new token set is stored', async () => {
    const store = open('expiring', { expireAfter: 60_000, lease: 5000 })
    await store.write(first, set)
    await client.pexpire('expiring', 500)
    await store.lock(async () => {
      expect(await client.pttl('expiring')).toBeGreaterThan(4000)
      expect(await store.write(second, { mode: 'replace', replacing: first })).toBe(true)
    }, limit())
    expect(await store.read()).toEqual(second)
    expect(await client.pttl('expiring')).toBeGreaterThan(50_000)
  })

  it('lives as long as a lease that is renewed', async () => {
    const store = open('renewed', { expireAfter: 60_000, lease: 300 })
    await store.write(first, set)
    await client.pexpire('renewed', 250)
    const [lost, over] = [deferred(), deferred()]
    setTimeout(over.resolve, 900)
    await store.lock(async (signal) => {
      signal?.addEventListener('abort', () => lost.resolve())
      await over.promise
      expect(signal?.aborted).toBe(false)
      expect(await store.write(second, { mode: 'replace', replacing: first })).toBe(true)
    }, limit())
  })

  it('is not prolonged by a refresh that fails, beyond the lease', async () => {
    const store = open('failed', { expireAfter: 60_000, lease: 5000 })
    await store.write(first, set)
    await store.lock(() => Promise.resolve(), limit())
    expect(await client.pttl('failed')).toBeLessThanOrEqual(60_000)
  })
})

describe('a client that is not connected', () => {
  const socket = () => ({ path: server.path, tls: false as const })
  it.each<[string, () => Promise<object>]>([
    ['redis, before connect()', async () => createClient({ socket: socket() })],
    [
      'redis, after close()',
      async () => {
        const closed = await createClient({ socket: socket() }).connect()
        await closed.close()
        return closed
      },
    ],
    [
      'ioredis, after quit()',
      async () => {
        const closed = new Redis({ path: server.path })
        await closed.quit()
        return closed
      },
    ],
  ])('is named as the reason (%s)', async (_which, make) => {
    const store = redisStore((await make()) as never, { key: 'alice', subscriber: false })
    const error = await rejection(Promise.resolve(store.read()))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('the client is not connected') })
  })
})
