import { Redis } from 'ioredis'
import { startRedis } from '../../scripts/servers/redis.js'
import { redisStore } from '../../src/stores/redis.js'
import { rejection } from '../helpers/client.js'

it('a Redis client in an open MULTI is refused: the store neither reads, writes nor takes the lock through it', async () => {
  const server = await startRedis()
  const client = new Redis({ path: server.path })
  const store = redisStore(client as never, { key: 'alice', subscriber: false })
  const tokens = { access_token: 'made-up-access', refresh_token: 'made-up-refresh' }
  await client.multi({ pipeline: false })
  let wasLocked = false
  const attempts: (() => unknown)[] = [
    () => store.read(),
    () => store.write(tokens, { mode: 'set', replacing: undefined }),
    () => store.checkWritable!(tokens),
    () => store.lock!(() => Promise.resolve((wasLocked = true)), AbortSignal.timeout(5000)),
  ]
  for (const attempt of attempts) {
    const error = await rejection(Promise.resolve(attempt()))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(error.message).toContain('the client is in a transaction (MULTI)')
  }
  expect(wasLocked).toBe(false)
  await client.discard()
  expect(await store.read()).toBeUndefined()
  client.disconnect()
  await server.stop()
})
