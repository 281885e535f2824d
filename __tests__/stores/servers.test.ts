import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRedis } from '../../scripts/servers/redis.js'
import type { TokenStore, WriteContext } from '../../src/index.js'
import { postgresSchema, postgresStore } from '../../src/stores/postgres.js'
import { redisStore, type EncryptionOptions } from '../../src/stores/redis.js'
import { storeContract } from '../../src/testing/index.js'
import { rejection } from '../helpers/client.js'

/** The clients of one server, for as long as the tests run. */
interface Place {
  open(key: string, encryption?: EncryptionOptions): TokenStore
  /** The stored text, read past the store. */
  raw(key: string): Promise<string | undefined>
  corrupt(key: string, text: string): Promise<unknown>
  stop(): Promise<unknown>
}

const noop = (): void => undefined

/** Somebody's own server, in which these tests leave nothing behind. */
const url = process.env.REDIS_URL

async function redisPlace(client: 'redis' | 'ioredis'): Promise<Place> {
  const server = url ? undefined : await startRedis()
  const connect = (): Redis => (server ? new Redis({ path: server.path }) : new Redis(url!))
  const inspector = connect()
  const options = server ? { socket: { path: server.path, tls: false as const } } : { url: url! }
  const node = client === 'redis' ? createClient(options).on('error', noop) : undefined
  await node?.connect()
  const io = connect().on('error', noop)
  const prefix = `axios-attach-oauth-tests:${randomUUID()}:`
  const at = (key: string): string => `${prefix}${key}`
  return {
    open: (key, encryption) => redisStore((node ?? io) as never, { key: at(key), ...(encryption && { encryption }) }),
    raw: async (key) => (await inspector.hget(at(key), 'tokens')) ?? undefined,
    corrupt: (key, text) => inspector.hset(at(key), 'tokens', text),
    async stop() {
      for await (const keys of inspector.scanStream({ match: `${prefix}*` }))
        await Promise.all((keys as string[]).map((key) => inspector.del(key)))
      node?.destroy()
      io.disconnect()
      inspector.disconnect()
      await server?.stop()
    },
  }
}

async function postgresPlace(): Promise<Place> {
  const server = await startPostgres()
  const pool = new pg.Pool({ ...server.config, max: 20 }).on('error', noop)
  await pool.query(postgresSchema())
  return {
    open: (key, encryption) => postgresStore(pool as never, { key, ...(encryption && { encryption }) }),
    raw: async (key) =>
      ((await pool.query('SELECT tokens FROM oauth_tokens WHERE key = $1', [key])).rows[0] as { tokens: string } | undefined)
        ?.tokens,
    corrupt: (key, text) =>
      pool.query('INSERT INTO oauth_tokens (key, tokens) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET tokens = $2', [
        key,
        text,
      ]),
    async stop() {
      await pool.end()
      await server.stop()
    },
  }
}

const set: WriteContext = { mode: 'set', replacing: undefined }
const one = { access_token: 'made-up-access', refresh_token: 'made-up-refresh' }
const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const encryption = { keys: { first: keyOf(1) }, current: 'first' }

describe.each([
  ['redisStore with redis', () => redisPlace('redis')],
  ['redisStore with ioredis', () => redisPlace('ioredis')],
  ['postgresStore', postgresPlace],
])('%s', (_name, start) => {
  let place: Place
  let n = 0
  beforeAll(async () => {
    place = await start()
  })
  afterAll(() => place.stop())

  const cases = storeContract({
    open: () => place.open(`user ${++n}`),
    another: () => place.open(`user ${n}`),
    elsewhere: () => place.open(`somebody else ${n}`),
    corrupt: async (garbage) => void (await place.corrupt(`user ${n}`, garbage)),
  }).filter(({ applies }) => applies)
  it.each(cases.map(({ name, run }) => [name, run]))('%s', (_promise, run) => run())

  describe('encrypted', () => {
    it('holds nothing that can be read, and gives it back whole', async () => {
      const store = place.open('ann', encryption)
      await store.write(one, set)
      expect(await place.raw('ann')).not.toContain('made-up')
      expect(await store.read()).toEqual(one)
    })

    it('goes over to a new key with the next write, and old records stay readable', async () => {
      await place.open('ben', encryption).write(one, set)
      const rotated = place.open('ben', { keys: { first: keyOf(1), second: keyOf(2) }, current: 'second' })
      expect(await rotated.read()).toEqual(one)
      await rotated.write(one, set)
      expect(await place.open('ben', { keys: { second: keyOf(2) }, current: 'second' }).read()).toEqual(one)
    })

    it('refuses a record of another user, a changed one and one of an unknown key, with the typed error, and leaves them', async () => {
      await place.open('cleo', encryption).write(one, set)
      const sealed = (await place.raw('cleo'))!
      await place.corrupt('dora', sealed)
      await place.corrupt(
        'emil',
        sealed.replace(/.(.)"\}$/, (_, last: string) => `${last === 'A' ? 'B' : 'A'}${last}"}`),
      )
      for (const [user, keys] of [
        ['dora', encryption],
        ['emil', encryption],
        ['cleo', { keys: { other: keyOf(3) }, current: 'other' }],
      ] as const) {
        const before = await place.raw(user)
        const error = await rejection(Promise.resolve(place.open(user, keys).read()))
        expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
        expect(error.message).not.toContain('made-up')
        expect(await place.raw(user)).toBe(before)
      }
    })

    it('reads what is not encrypted yet only where that is allowed', async () => {
      await place.open('fred').write(one, set)
      expect(await rejection(Promise.resolve(place.open('fred', encryption).read()))).toMatchObject({
        code: 'OAUTH_STORE_FAILED',
      })
      expect(await place.open('fred', { ...encryption, allowPlaintext: true }).read()).toEqual(one)
    })
  })
})

describe('misuse is a TypeError that names the option', () => {
  it.each<[string, () => unknown]>([
    ['key', () => redisStore({} as never, { key: '' })],
    ['key', () => postgresStore(new pg.Pool() as never, { key: '' })],
    [
      'encryption',
      () => redisStore(new Redis({ lazyConnect: true }) as never, { key: 'a', encryption: { keys: {}, current: 'none' } }),
    ],
  ])('%s', (option, make) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(new RegExp(option))
  })
})
