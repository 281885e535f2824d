import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRedis } from '../../scripts/servers/redis.js'
import type { TokenStore, WriteContext } from '../../src/index.js'
import { postgresSchema, postgresStore } from '../../src/stores/postgres.js'
import { redisStore, type EncryptionOptions } from '../../src/stores/redis.js'
import { storeContract } from '../../src/store-contract/index.js'
import { rejection } from '../helpers/client.js'

/** A server with its clients. */
interface Fixture {
  open(key: string, encryption?: EncryptionOptions): TokenStore
  /** The stored text, read without the store. */
  raw(key: string): Promise<string | undefined>
  corrupt(key: string, text: string): Promise<unknown>
  stop(): Promise<unknown>
}

const noop = (): void => undefined

/** The URL of an external server: these tests delete the keys that they write. */
const url = process.env.REDIS_URL

async function redisFixture(client: 'redis' | 'ioredis'): Promise<Fixture> {
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

async function postgresFixture(): Promise<Fixture> {
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
  ['redisStore with redis', () => redisFixture('redis')],
  ['redisStore with ioredis', () => redisFixture('ioredis')],
  ['postgresStore', postgresFixture],
])('%s', (_name, start) => {
  let fixture: Fixture
  let n = 0
  beforeAll(async () => {
    fixture = await start()
  })
  afterAll(() => fixture.stop())

  const cases = storeContract({
    open: () => fixture.open(`user ${++n}`),
    another: () => fixture.open(`user ${n}`),
    elsewhere: () => fixture.open(`another user ${n}`),
    corrupt: async (garbage) => void (await fixture.corrupt(`user ${n}`, garbage)),
  }).filter(({ applies }) => applies)
  it.each(cases.map(({ name, run }) => [name, run]))('%s', (_promise, run) => run())

  describe('encrypted', () => {
    it('the stored text contains no token, and is read back whole', async () => {
      const store = fixture.open('ann', encryption)
      await store.write(one, set)
      expect(await fixture.raw('ann')).not.toContain('made-up')
      expect(await store.read()).toEqual(one)
    })

    it('after a key rotation old records stay readable, and the next write uses the new key', async () => {
      await fixture.open('ben', encryption).write(one, set)
      const rotated = fixture.open('ben', { keys: { first: keyOf(1), second: keyOf(2) }, current: 'second' })
      expect(await rotated.read()).toEqual(one)
      await rotated.write(one, set)
      expect(await fixture.open('ben', { keys: { second: keyOf(2) }, current: 'second' }).read()).toEqual(one)
    })

    it('a record of another user, a changed record and one of an unknown key are refused with the typed error and left unchanged', async () => {
      await fixture.open('cleo', encryption).write(one, set)
      const sealed = (await fixture.raw('cleo'))!
      await fixture.corrupt('dora', sealed)
      await fixture.corrupt(
        'emil',
        sealed.replace(/.(.)"\}$/, (_, last: string) => `${last === 'A' ? 'B' : 'A'}${last}"}`),
      )
      for (const [user, keys] of [
        ['dora', encryption],
        ['emil', encryption],
        ['cleo', { keys: { other: keyOf(3) }, current: 'other' }],
      ] as const) {
        const before = await fixture.raw(user)
        const error = await rejection(Promise.resolve(fixture.open(user, keys).read()))
        expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
        expect(error.message).not.toContain('made-up')
        expect(await fixture.raw(user)).toBe(before)
      }
    })

    it('a plain record is read only where allowPlaintext says so', async () => {
      await fixture.open('fred').write(one, set)
      expect(await rejection(Promise.resolve(fixture.open('fred', encryption).read()))).toMatchObject({
        code: 'OAUTH_STORE_FAILED',
      })
      expect(await fixture.open('fred', { ...encryption, allowPlaintext: true }).read()).toEqual(one)
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
