import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { startPostgres } from '../../scripts/servers/postgres.js'
import { startRedis } from '../../scripts/servers/redis.js'
import type { TokenStore, WriteContext } from '../../src/index.js'
import { postgresSchema, postgresStore } from '../../src/stores/postgres.js'
import { redisStore, type EncryptionOptions } from '../../src/stores/redis.js'
import { rejection } from '../helpers/client.js'

const set: WriteContext = { mode: 'set', replacing: undefined }
const tokens = {
  access_token: 'made-up-access',
  refresh_token: 'made-up-refresh',
  token_type: 'Bearer',
  expires_at: 1_893_456_000,
}
const keys = { '2026-11': Buffer.alloc(32, 7).toString('base64') }
const encryption: EncryptionOptions = { keys, current: '2026-11' }

/** Records as they were stored for the key `alice`. They must stay readable. */
const fixed = {
  plain: JSON.stringify(tokens),
  release01:
    '{"alg":"A256GCM","kid":"2026-11","iv":"Ksorc3-myoBnSURK","ciphertext":"gzKOCRREEXLoVcrFe6up_aYK177DHsmhMmzd9gPFjPRLByQske-ZpFrXz-uDJzA7MVPQ6qdfhuH7LAKhXp-W8e1-yZn1Tfl5ZUE33os3pAVNZxsDwslwoA9EtBhqbxLzXDH1whHs3BfcG4sX9InBaadZIrJ_9_A-s4xs-POt7TeJ"}',
  redis:
    '{"v":2,"alg":"A256GCM","kid":"2026-11","iv":"MYvd79Mv8ERNLZHs","ciphertext":"-Cscr9sWU2tYVhW7iYt9YFt_cx-BrZiY7A9Uv8vAgkuyUCEpHDWl4lDrPcfeCHrM7fIHu5KVfkrdTEGRart1yFp98aZrlfFPJUKrzwO7PEUDRwOg-eMZ1StoiX30AVe0wzWHU-u1zN_8yjwbRuPE9uVOTN5OVhNqYroPsvdZY8V1"}',
  postgres:
    '{"v":2,"alg":"A256GCM","kid":"2026-11","iv":"-EEhP4u9XiGrt1l8","ciphertext":"-KSzerJ_8q5LRvmTInJNBRSvg-VXOSUmTVCBLjsFrxltmAYjHwglDdkSde2R0iVeE5MkRmepdHaJvW9B7IdcSRK6G0JdB_4KYv4atExdiV3M9y524YJjd4DkWTG8PNiYzjsRunJlKB0ZSzQJ--kjn0pXcmugVCIzFaYj8SUry2PE"}',
}

interface Servers {
  redis: Awaited<ReturnType<typeof startRedis>>
  io: Redis
  postgres: Awaited<ReturnType<typeof startPostgres>>
  pool: pg.Pool
}
let servers: Servers
const clients: { close(): unknown }[] = []

beforeAll(async () => {
  const redis = await startRedis()
  const postgres = await startPostgres()
  const pool = new pg.Pool(postgres.config).on('error', () => undefined)
  await pool.query(postgresSchema())
  await pool.query(postgresSchema('another_table'))
  servers = { redis, io: new Redis({ path: redis.path }), postgres, pool }
})
afterEach(async () => {
  clients.splice(0).forEach(({ close }) => close())
  await servers.io.flushall()
  await servers.pool.query('TRUNCATE oauth_tokens, another_table')
})
afterAll(async () => {
  servers.io.disconnect()
  await servers.pool.end()
  await servers.redis.stop()
  await servers.postgres.stop()
})

/** One kind of store: `open` gives the record `alice`; `elsewhere` gives records to which a copy of it may be moved. */
interface Kind {
  open(options?: EncryptionOptions): TokenStore
  get(): Promise<string>
  put(text: string): Promise<unknown>
  bound: string
}

const kinds: Record<'redis' | 'postgres', Kind> = {
  redis: {
    open: (options) =>
      redisStore(servers.io as never, { key: 'alice', subscriber: false, ...(options && { encryption: options }) }),
    get: async () => (await servers.io.hget('alice', 'tokens')) ?? '',
    put: (text) => servers.io.hset('alice', 'tokens', text),
    bound: fixed.redis,
  },
  postgres: {
    open: (options) =>
      postgresStore(servers.pool as never, { key: 'alice', listen: false, ...(options && { encryption: options }) }),
    get: async () =>
      ((await servers.pool.query("SELECT tokens FROM oauth_tokens WHERE key = 'alice'")).rows as { tokens: string }[])[0]
        ?.tokens ?? '',
    put: (text) =>
      servers.pool.query(
        "INSERT INTO oauth_tokens (key, tokens) VALUES ('alice', $1) ON CONFLICT (key) DO UPDATE SET tokens = excluded.tokens",
        [text],
      ),
    bound: fixed.postgres,
  },
}

const readError = async (store: TokenStore): Promise<Error & Record<string, unknown>> => rejection(Promise.resolve(store.read()))

describe.each(['redis', 'postgres'] as const)('the stored record of %s', (name) => {
  const { open, get, put, bound } = kinds[name]

  it('in plain JSON stays readable', async () => {
    await put(fixed.plain)
    expect(await open().read()).toEqual(tokens)
    expect(await open({ ...encryption, allowPlaintext: true }).read()).toEqual(tokens)
  })

  it('in the encrypted form stays readable', async () => {
    await put(bound)
    expect(await open(encryption).read()).toEqual(tokens)
    expect(await open({ ...encryption, requireBinding: true }).read()).toEqual(tokens)
  })

  it('in the encrypted form of release 0.1 is read, and the next save binds it to its place', async () => {
    await put(fixed.release01)
    const store = open(encryption)
    expect(await store.read()).toEqual(tokens)
    expect(await get()).toBe(fixed.release01)
    const replacing = tokens
    expect(await store.write({ ...tokens, access_token: 'made-up-next' }, { mode: 'replace', replacing })).toBe(true)
    expect(JSON.parse(await get())).toMatchObject({ v: 2, alg: 'A256GCM', kid: '2026-11' })
    expect(await open({ ...encryption, requireBinding: true }).read()).toMatchObject({ access_token: 'made-up-next' })
  })

  it('in the encrypted form of release 0.1 is refused where the option requireBinding says so, and left unchanged', async () => {
    await put(fixed.release01)
    const store = open({ ...encryption, requireBinding: true })
    expect(await readError(store)).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect((await readError(store)).message).toMatch(/release 0\.1.*encryption\.requireBinding/)
    await rejection(Promise.resolve(store.write(tokens, { mode: 'replace', replacing: tokens })))
    expect(await get()).toBe(fixed.release01)
  })

  it('without its version is no record of release 0.1', async () => {
    const { v, ...rest } = JSON.parse(bound) as Record<string, unknown>
    expect(v).toBe(2)
    await put(JSON.stringify(rest))
    expect(await readError(open(encryption))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    await put(JSON.stringify({ v: 2, ...(JSON.parse(fixed.release01) as object) }))
    expect(await readError(open(encryption))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })

  it.each([3, '2', null, 'made-up\nline'])('of the unknown version %j is refused, without quoting it', async (v) => {
    await put(JSON.stringify({ ...(JSON.parse(bound) as object), v }))
    const { message } = await readError(open(encryption))
    expect(message).toContain('a version that this release does not know')
    expect(message).not.toMatch(/made-up|\n/)
  })

  it.each([
    'made-up\nGET /forged 200',
    'made-up\u2028line',
    'x'.repeat(200) + 'made-up',
    '<b>made-up</b>',
    { toString: 'made-up' },
    ['made-up'],
  ])('with the foreign key id %j is refused, without quoting it', async (kid) => {
    await put(JSON.stringify({ ...(JSON.parse(bound) as object), kid }))
    const { message } = await readError(open(encryption))
    expect(message).toContain('is encrypted with a key, which is not among encryption.keys')
    expect(message).not.toMatch(/made-up|[\n\u2028]/)
  })

  it('with the id of an unknown key names it', async () => {
    await put(JSON.stringify({ ...(JSON.parse(bound) as object), kid: 'eu-west.2025_01' }))
    expect((await readError(open(encryption))).message).toContain("the key 'eu-west.2025_01'")
  })

  it('of the other kind of store is refused', async () => {
    await put(name === 'redis' ? fixed.postgres : fixed.redis)
    expect(await readError(open(encryption))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })
})

it('an encrypted row that was copied to another table is refused', async () => {
  await kinds.postgres.open(encryption).write(tokens, set)
  await servers.pool.query('INSERT INTO another_table (key, tokens) SELECT key, tokens FROM oauth_tokens')
  const copy = postgresStore(servers.pool as never, { key: 'alice', table: 'another_table', listen: false, encryption })
  expect((await readError(copy)).message).toContain('changed or copied from elsewhere')
})

describe('an encrypted record of Redis that was copied', () => {
  const ioredis = (options: { db?: number; keyPrefix?: string }): TokenStore => {
    const client = new Redis({ path: servers.redis.path, ...options })
    clients.push({ close: () => client.disconnect() })
    return redisStore(client as never, { key: 'alice', subscriber: false, encryption })
  }
  const nodeRedis = async (database: number): Promise<TokenStore> => {
    const client = createClient({ socket: { path: servers.redis.path, tls: false as const }, database })
    await client.connect()
    clients.push({ close: () => client.destroy() })
    return redisStore(client as never, { key: 'alice', subscriber: false, encryption })
  }

  it('to another database is refused', async () => {
    await ioredis({ db: 0 }).write(tokens, set)
    expect(await servers.io.copy('alice', 'alice', 'DB', 3)).toBe(1)
    for (const copy of [ioredis({ db: 3 }), await nodeRedis(3)])
      expect(await readError(copy)).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })

  it('to another prefix is refused', async () => {
    await ioredis({ keyPrefix: 'app:' }).write(tokens, set)
    expect(await servers.io.copy('app:alice', 'other:alice')).toBe(1)
    expect(await servers.io.copy('app:alice', 'alice')).toBe(1)
    for (const copy of [ioredis({ keyPrefix: 'other:' }), ioredis({})])
      expect(await readError(copy)).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(await ioredis({ keyPrefix: 'app:' }).read()).toEqual(tokens)
  })

  it('is readable where it was written, with either client, and by its full key', async () => {
    await ioredis({ db: 3, keyPrefix: 'al' }).write(tokens, set)
    await servers.io.select(3)
    expect(await servers.io.copy('alalice', 'alice')).toBe(1)
    await servers.io.select(0)
    expect(await readError(await nodeRedis(3))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    await (await nodeRedis(3)).write(tokens, set)
    expect(await ioredis({ db: 3 }).read()).toEqual(tokens)
  })

  it('follows a client that selects another database', async () => {
    const client = new Redis({ path: servers.redis.path })
    clients.push({ close: () => client.disconnect() })
    const store = redisStore(client as never, { key: 'alice', subscriber: false, encryption })
    await client.select(3)
    await store.write(tokens, set)
    expect(await ioredis({ db: 3 }).read()).toEqual(tokens)
  })
})

describe('misuse of encryption is a TypeError that names the option', () => {
  it.each([
    ['requireBinding', { ...encryption, requireBinding: 1 }],
    ['allowPlaintext', { ...encryption, allowPlaintext: 'yes' }],
  ])('%s', (option, wrong) => {
    const make = (): TokenStore => kinds.redis.open(wrong as never)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(new RegExp(`redisStore: encryption\\.${option}`))
  })
})
