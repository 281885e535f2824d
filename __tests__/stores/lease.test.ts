import { jest } from '@jest/globals'
import { createClient } from 'redis'
import { startRedis } from '../../scripts/servers/redis.js'
import { redisStore } from '../../src/stores/redis.js'

const LEASE = 200

/** Blocks this process, timers included, as if it were suspended. */
const suspend = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * LEASE)

describe('a holder whose process was suspended for longer than its lease', () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server.stop())
  afterEach(() => void jest.restoreAllMocks())

  it.each([
    ['for the record', undefined],
    ['for the record to be decrypted', { keys: { first: new Uint8Array(32).fill(1) }, current: 'first' }],
  ])('while it waited %s: it notices the loss of the lock before it sends a token request', async (key, encryption) => {
    const client = createClient({ socket: { path: server.path, tls: false } })
    await client.connect()
    let isArmed = false
    const after = async <Result>(answer: Promise<Result>): Promise<Result> => {
      const result = await answer
      if (isArmed) suspend()
      isArmed = false
      return result
    }
    const watched = {
      sendCommand: (args: string[]) =>
        args[0] === 'HGET' && !encryption ? after(client.sendCommand(args)) : client.sendCommand(args),
    }
    const { subtle } = globalThis.crypto
    const decrypt = subtle.decrypt.bind(subtle)
    jest.spyOn(subtle, 'decrypt').mockImplementation((...args) => after(decrypt(...args)))
    const store = redisStore(watched, { key, lease: LEASE, subscriber: false, ...(encryption && { encryption }) })
    await store.write({ access_token: 'a1', refresh_token: 'r1' }, { mode: 'set', replacing: undefined })

    const known = await store.lock!(async (lost) => {
      expect(lost?.aborted).toBe(false)
      isArmed = true
      expect(await store.read()).toMatchObject({ refresh_token: 'r1' })
      return lost?.aborted
    }, AbortSignal.timeout(5000))
    expect([isArmed, known]).toEqual([false, true])
    client.destroy()
  })
})
