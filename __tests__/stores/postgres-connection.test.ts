import { jest } from '@jest/globals'
import { Connection } from '../../src/stores/postgres/connection.js'
import type { StoreClient } from '../../src/stores/postgres/open-client.js'
import type { PostgresResult } from '../../src/stores/postgres/pool.js'

const result: PostgresResult = { rows: [] }
const noop = (): void => undefined

/** A connection to a server that answers each statement after `delay` milliseconds. */
function connected(delay: number) {
  const server = { delay, sent: [] as string[] }
  const client: StoreClient = {
    query(text) {
      server.sent.push(text)
      return new Promise((resolve) => Number.isFinite(server.delay) && setTimeout(() => resolve(result), server.delay))
    },
    on: noop,
    close: noop,
  }
  return { server, connection: new Connection(client, { onNotification: noop, onTick: noop }) }
}

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

it('a connection that answers all the time is not ended, however many statements wait', async () => {
  const { connection } = connected(10)
  const reads = Array.from({ length: 3000 }, () => connection.query('SELECT', [], 'read'))
  await jest.advanceTimersByTimeAsync(20_000)
  expect(connection.lost.aborted).toBe(false)
  await jest.advanceTimersByTimeAsync(20_000)
  await expect(Promise.all(reads)).resolves.toHaveLength(3000)
  connection.close('closed by the test')
})

it('a connection that rejects statements with errors of the server is not ended', async () => {
  const client: StoreClient = {
    query: () =>
      new Promise((_resolve, reject) => setTimeout(() => reject(Object.assign(new Error('locked'), { code: '55P03' })), 2900)),
    on: noop,
    close: noop,
  }
  const connection = new Connection(client, { onNotification: noop, onTick: noop })
  for (let i = 0; i < 20; i++) connection.query('UPDATE', [], 'write').catch(noop)
  await jest.advanceTimersByTimeAsync(30_000)
  expect(connection.lost.aborted).toBe(false)
  connection.close('closed by the test')
})

it('a connection without any answer is ended, and the statements that wait are rejected as an outage', async () => {
  const { connection, server } = connected(0)
  await jest.advanceTimersByTimeAsync(100)
  server.delay = Infinity
  connection.query('SELECT', [], 'read').catch(noop)
  const waiting = connection.query('SELECT', [], 'write').catch((error: unknown) => error)
  await jest.advanceTimersByTimeAsync(10_000)
  expect(connection.lost.aborted).toBe(true)
  expect(await waiting).toMatchObject({ message: 'Connection terminated' })
})

it('an idle connection is probed and ended when the probes are not answered', async () => {
  const { connection, server } = connected(0)
  await jest.advanceTimersByTimeAsync(30_000)
  expect(connection.lost.aborted).toBe(false)
  server.delay = Infinity
  await jest.advanceTimersByTimeAsync(12_000)
  expect(connection.lost.aborted).toBe(true)
})

it('confirmations and statements of locks are sent before the reads and writes of other users', async () => {
  const { connection, server } = connected(1)
  await jest.advanceTimersByTimeAsync(100)
  server.sent.length = 0
  void connection.query('present', [], 'write')
  for (const priority of ['write', 'read', 'lock', 'keepalive'] as const) void connection.query(priority, [], priority)
  await jest.advanceTimersByTimeAsync(100)
  expect(server.sent).toEqual(['present', 'keepalive', 'lock', 'read', 'write'])
  connection.close('closed by the test')
})
