import { Redis } from 'ioredis'
import pg from 'pg'
import { checkKey, printable } from '../../src/stores/key.js'
import { postgresStore } from '../../src/stores/postgres.js'
import { redisStore } from '../../src/stores/redis.js'

const redis = new Redis({ lazyConnect: true })
const pool = new pg.Pool()

describe.each<[string, (key: never) => { readonly name?: string; readonly place?: readonly unknown[] }]>([
  ['redisStore', (key) => redisStore(redis as never, { key })],
  ['postgresStore', (key) => postgresStore(pool as never, { key })],
])('the key of %s', (name, open) => {
  it.each([
    ['half of a pair', 'user-\ud83d'],
    ['the other half', '\ude00-user'],
    ['the halves in the wrong order', '\ude00\ud83d'],
    ['one half among pairs', '\u{1f600}\ud83d\u{1f600}'],
  ])('with a lone surrogate (%s) is a TypeError, because UTF-8 would make different keys one', (_what, key) => {
    expect(() => open(key as never)).toThrow(TypeError)
    expect(() => open(key as never)).toThrow(`${name}: key must not contain lone surrogates`)
  })

  it.each([undefined, null, '', 7, {}])('%j is a TypeError', (key) => {
    expect(() => open(key as never)).toThrow(TypeError)
    expect(() => open(key as never)).toThrow(`${name}: key must be a non-empty string`)
  })

  it('may hold any well-formed text', () => {
    expect(() => open('Zoë \u{1f600} 漢字' as never)).not.toThrow()
  })

  it('with line breaks is escaped in the name of the store, which errors quote', () => {
    expect(open('alice\r\nGET /forged\u2028' as never).name).toMatch(/alice\\u\{d\}\\u\{a\}GET \/forged\\u\{2028\}$/)
  })

  it('is part of the place that identifies the record', () => {
    const [alice, again, bob] = ['alice', 'alice', 'bob'].map((key) => open(key as never).place)
    expect(alice).toEqual(again)
    expect(alice).not.toEqual(bob)
    expect(alice).toContain(name === 'redisStore' ? redis : pool)
  })
})

it('a table is part of the place too', () => {
  expect(postgresStore(pool as never, { key: 'alice', table: 'other' }).place).toEqual(['postgres', pool, 'other', 'alice'])
  expect(redisStore(redis as never, { key: 'alice' }).place).toEqual(['redis', redis, 'alice'])
})

it('a key of postgresStore with NUL is a TypeError', () => {
  expect(() => postgresStore(pool as never, { key: 'a\0b' })).toThrow('postgresStore: key must not contain NUL')
})

it('checkKey returns the key, and printable leaves visible text unchanged', () => {
  expect(checkKey('anyStore', 'alice')).toBe('alice')
  expect(printable('alice Zoë \u{1f600}')).toBe('alice Zoë \u{1f600}')
})
