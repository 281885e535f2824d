import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRedis } from '../../scripts/servers/redis.js'
import type { TokenStore, WriteContext } from '../../src/index.js'
import { ChangeListeners, oncePerTurn } from '../../src/stores/change-listeners.js'
import { postgresSchema, postgresStore } from '../../src/stores/postgres.js'
import { redisStore } from '../../src/stores/redis.js'
import { deferred } from '../helpers/client.js'

const set: WriteContext = { mode: 'set', replacing: undefined }
const tokens = { access_token: 'made-up-access', refresh_token: 'made-up-refresh' }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const BURST = 2000

/** Subscribes, sends the burst, and returns how often the listener was called until the write that follows was seen. */
async function callsDuring(store: TokenStore, burst: () => Promise<unknown>, finish: () => Promise<unknown>): Promise<number> {
  const subscribed = deferred()
  let seen = deferred()
  let calls = 0
  const reads: Promise<unknown>[] = []
  const stop = store.subscribe!(() => {
    calls++
    subscribed.resolve()
    reads.push(Promise.resolve(store.read()).then((found) => found && seen.resolve()))
  })
  await subscribed.promise
  await turn()
  calls = 0
  seen = deferred()
  await burst()
  await finish()
  await seen.promise
  stop()
  await Promise.all(reads)
  return calls
}

it('a burst of changes calls a listener of redisStore a few times, and it finds the last one', async () => {
  const server = await startRedis()
  const [client, other] = [new Redis({ path: server.path }), new Redis({ path: server.path })]
  const store = redisStore(client as never, { key: 'alice' })
  const calls = await callsDuring(
    store,
    async () => {
      const pipeline = other.pipeline()
      for (let n = 0; n < BURST; n++) pipeline.publish('axios-attach-oauth:alice', `changed made-up-${n}`)
      await pipeline.exec()
    },
    () => Promise.resolve(redisStore(other as never, { key: 'alice', subscriber: false }).write(tokens, set)),
  )
  expect(calls).toBeGreaterThan(0)
  expect(calls).toBeLessThan(BURST / 10)
  client.disconnect()
  other.disconnect()
  await server.stop()
})

it.each(['redis', 'ioredis'])('a store receives notifications after its %s client is closed and reconnected', async (name) => {
  const server = await startRedis()
  const writer = new Redis({ path: server.path })
  const node = name === 'redis' ? await createClient({ socket: { path: server.path, tls: false } }).connect() : undefined
  const io = name === 'redis' ? undefined : new Redis({ path: server.path })
  const store = redisStore((node ?? io) as never, { key: 'alice' })
  let calls = 0
  let called = deferred()
  const stop = store.subscribe!(() => (calls++, called.resolve()))
  await called.promise
  called = deferred()
  if (node) {
    await node.close()
    await node.connect()
  } else {
    await Promise.all([new Promise((resolve) => io!.once('end', resolve as () => void)), io!.quit()])
    await io!.connect()
  }
  // The new subscription has the store read again.
  await called.promise
  await turn()
  called = deferred()
  const before = calls
  await redisStore(writer as never, { key: 'alice', subscriber: false }).write(tokens, set)
  await called.promise
  expect(calls).toBeGreaterThan(before)
  stop()
  node?.destroy()
  io?.disconnect()
  writer.disconnect()
  await server.stop()
})

it('a subscriber that the application has closed stays closed, and is used again after the application has connected it', async () => {
  const server = await startRedis()
  const client = () => createClient({ socket: { path: server.path, tls: false } }).connect()
  const [writer, subscriber] = [await client(), await client()]
  let called = deferred()
  let connections = 0
  const stop = redisStore(writer as never, { key: 'alice', subscriber }).subscribe!(() => called.resolve())
  await called.promise
  await subscriber.close()
  const connect = subscriber.connect.bind(subscriber)
  subscriber.connect = () => (connections++, connect())
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect([connections, subscriber.isOpen]).toEqual([0, false])
  called = deferred()
  await subscriber.connect()
  await called.promise
  await turn()
  called = deferred()
  await redisStore(writer as never, { key: 'alice', subscriber: false }).write(tokens, set)
  await called.promise
  stop()
  writer.destroy()
  subscriber.destroy()
  await server.stop()
})

it('a burst of changes calls a listener of postgresStore a few times, and it finds the last one', async () => {
  const server = await startPostgres()
  const [pool, other] = [0, 1].map(() => new pg.Pool(server.config).on('error', () => undefined)) as [pg.Pool, pg.Pool]
  await pool.query(postgresSchema())
  const observer = await other.connect()
  await observer.query('LISTEN axios_attach_oauth')
  const payload = new Promise<string>((resolve) => observer.on('notification', (message) => resolve(message.payload!)))
  const writer = postgresStore(other as never, { key: 'alice' })
  await writer.write(undefined, set)
  await writer.write(tokens, set)
  const [topic] = (await payload).split(' ')
  await writer.write(undefined, set)
  const calls = await callsDuring(
    postgresStore(pool as never, { key: 'alice' }),
    () =>
      observer.query(
        "SELECT pg_notify('axios_attach_oauth', $1 || ' changed made-up-' || n) FROM generate_series(1, $2::int) n",
        [topic, BURST],
      ),
    () => Promise.resolve(writer.write(tokens, set)),
  )
  expect(calls).toBeGreaterThan(0)
  expect(calls).toBeLessThan(BURST / 10)
  observer.release()
  await Promise.all([pool.end(), other.end()])
  await server.stop()
})

describe('oncePerTurn', () => {
  it('joins the calls of one turn into one, and calls again in a later turn', async () => {
    let calls = 0
    const { call } = oncePerTurn(() => void calls++)
    for (let n = 0; n < 1000; n++) call()
    expect(calls).toBe(0)
    await turn()
    expect(calls).toBe(1)
    call()
    await turn()
    expect(calls).toBe(2)
  })

  it('calls nothing after it was cancelled', async () => {
    let calls = 0
    const { call, cancel } = oncePerTurn(() => void calls++)
    call()
    cancel()
    await turn()
    expect(calls).toBe(0)
  })

  it('survives a listener that throws', async () => {
    let calls = 0
    const { call } = oncePerTurn(() => {
      calls++
      throw new Error('made-up failure')
    })
    call()
    await turn()
    call()
    await turn()
    expect(calls).toBe(2)
  })
})

describe('ChangeListeners', () => {
  it('calls the listeners of one topic, and none of another', () => {
    const listeners = new ChangeListeners()
    const heard: string[] = []
    listeners.add('alice', (message) => heard.push(`alice ${message}`))
    const removeBob = listeners.add('bob', (message) => heard.push(`bob ${message}`))
    listeners.notify('alice', 'one')
    listeners.notify('carol', 'two')
    listeners.notifyAll()
    expect(heard).toEqual(['alice one', 'alice undefined', 'bob undefined'])
    expect([removeBob(), removeBob(), listeners.topics, listeners.isEmpty]).toEqual([true, false, ['alice'], false])
  })
})
