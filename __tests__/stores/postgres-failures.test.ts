import { inspect } from 'node:util'
import pg from 'pg'
import { postgresStore, type PostgresPool, type PostgresResult } from '../../src/stores/postgres.js'
import { rejection } from '../helpers/client.js'

const set = { mode: 'set', replacing: undefined } as const
const tokens = { access_token: 'made-up-access', refresh_token: 'made-up-refresh' }

/** A pool wrapper, such as that of a query builder, whose statements fail. */
function failing(fail: (values: unknown[]) => Error): PostgresPool {
  const query = (text: string, values?: unknown[]): Promise<PostgresResult> => {
    if (text.includes('INSERT')) return Promise.reject(fail(values ?? []))
    return Promise.resolve({ rows: text.includes('AS idle') ? [{ idle: 'true' }] : [] })
  }
  return { query, connect: () => Promise.resolve({ query, release: () => undefined, on: () => undefined }) }
}

const failureOf = (fail: (values: unknown[]) => Error): Promise<Error> =>
  rejection(Promise.resolve(postgresStore(failing(fail), { key: 'alice', listen: false }).write(tokens, set)))

it('a message of a pool wrapper that quotes the parameters of the statement reaches neither the message nor the cause', async () => {
  const error = await failureOf((values) => new Error(`Failed query: INSERT params: ${String(values)}`))
  expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('unknown reason') })
  expect(inspect(error, { depth: 9 })).not.toContain('made-up')
})

it('the code of an error that a pool wrapper has wrapped is named', async () => {
  const error = await failureOf((values) => {
    const cause = Object.assign(new pg.DatabaseError('disk full', 9, 'error'), { code: '53100' })
    return new Error(`Failed query: params: ${String(values)}`, { cause })
  })
  expect(error.message).toContain('53100: the disk of the server is full')
  expect(inspect(error, { depth: 9 })).not.toContain('made-up')
})

it('a code that is neither a SQLSTATE nor a code of Node.js is not quoted', async () => {
  const error = await failureOf(() => Object.assign(new Error('failed'), { code: 'MADE_UP_ACCESS_9' }))
  expect(inspect(error, { depth: 9 })).not.toContain('MADE_UP')
})

it.each(['Query read timeout', 'timeout exceeded when trying to connect'])('the message of pg "%s" is kept', async (message) => {
  expect((await failureOf(() => new Error(message))).message).toContain(`(${message})`)
})
