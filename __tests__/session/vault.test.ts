import { OAuthError } from '../../src/errors.js'
import { Vault } from '../../src/session/vault.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { TokenStore, WriteContext } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { elsewhere, storeWith, tokenSet } from '../helpers/session-parts.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const open = (store: TokenStore): Vault => new Vault(store, environment, { storeTimeout: 10_000, lockTimeout: 75_000 })
const a = (n: number): ReturnType<typeof tokenSet> => tokenSet(environment, n)
const failure = new Error('made up')
const fail = (): never => {
  throw failure
}
const hang = (): Promise<never> => new Promise(() => undefined)
const always = (): boolean => true

describe('a store in trouble', () => {
  const steps: [string, Partial<TokenStore>, (vault: Vault) => Promise<unknown>][] = [
    ['could not be read', { read: fail }, (vault) => vault.look()],
    ['could not be read', { read: () => Promise.reject(failure) }, (vault) => vault.set(a(2))],
    ['could not be written', { write: fail }, (vault) => vault.replace(a(2), always)],
    ['could not be written', { write: () => Promise.reject(failure) }, (vault) => vault.set(undefined)],
    ['could not be locked', { lock: fail }, (vault) => vault.exclusively(hang)],
    ['could not be locked', { lock: () => Promise.reject(failure) }, (vault) => vault.exclusively(hang)],
  ]
  it.each(steps)('that %s is named in the error, with the cause', async (what, broken, step) => {
    const vault = open({ name: 'made-up store', read: () => undefined, write: () => undefined, ...broken })
    expect(await rejection(step(vault))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringContaining(`(made-up store) ${what}`) as string,
      cause: failure,
    })
    expect(environment.timers).toBe(0)
  })

  const hanging: [string, string, Partial<TokenStore>, (vault: Vault) => Promise<unknown>][] = [
    ['answer', '10000 ms', { read: hang }, (vault) => vault.look()],
    ['answer', '10000 ms', { write: hang }, (vault) => vault.set(a(2))],
    ['turn', '75000 ms', { lock: hang }, (vault) => vault.exclusively(hang)],
  ]
  it.each(hanging)('that gives no %s within %s fails with that in the cause', async (_what, limit, broken, step) => {
    const failed = rejection<Error>(step(open({ ...memoryStore(), ...broken })))
    await environment.pass(75_000)
    expect(((await failed).cause as Error).message).toContain(limit)
    expect(environment.timers).toBe(0)
  })

  const breaking: [string, Partial<TokenStore>, (vault: Vault) => Promise<unknown>, RegExp, RegExp][] = [
    ['refuses what nobody has changed', { write: () => false }, (vault) => vault.replace(a(2), always), /be written/, /refused/],
    [
      'locks without giving a turn',
      { lock: async () => undefined as never },
      (vault) => vault.exclusively(hang),
      /be locked/,
      /turn/,
    ],
  ]
  it.each(breaking)('that %s is told of with what it has done wrong', async (_what, broken, step, message, cause) => {
    const vault = open({ ...memoryStore(a(1)), ...broken })
    vault.know(await vault.look())
    expect(await rejection(step(vault))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringMatching(message) as string,
      cause: { message: expect.stringMatching(cause) as string },
    })
  })

  it('that tells of it in an error of this package is not told of twice', async () => {
    const own = new OAuthError('OAUTH_STORE_FAILED', 'The token store (mine) is full.')
    expect(await rejection(open(storeWith(undefined, () => ({ read: () => Promise.reject(own) }))).look())).toBe(own)
    const other = new OAuthError('OAUTH_TOKEN_INVALID', 'made up')
    expect(await rejection(open(storeWith(undefined, () => ({ read: () => Promise.reject(other) }))).look())).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      cause: other,
    })
  })

  it('without a name is called store', () => {
    expect(open({ read: () => null, write: () => undefined }).name).toBe('store')
  })

  it('that can not be read is not written to, but is asked to delete', async () => {
    const written: unknown[] = []
    const write: TokenStore['write'] = (...args) => void written.push(args)
    let read: TokenStore['read'] = () => a(1)
    const vault = open({ read: () => read(), write })
    vault.know(await vault.look())
    read = fail
    await rejection(vault.set(a(2)))
    expect(written).toEqual([])
    expect(await vault.set(undefined)).toEqual(a(1))
    expect(written).toEqual([[undefined, { mode: 'set', replacing: a(1) }]])
  })
})

describe('what the store is known to hold', () => {
  it('is nothing before it was read, and what was written afterwards', async () => {
    const vault = open(memoryStore(a(1)))
    const stored = await vault.look()
    expect(vault.moved(stored)).toBe(true)
    vault.know(stored)
    expect(vault.moved(stored)).toBe(false)
    expect(await vault.replace(a(2), always)).toEqual({ stored: true })
    expect([vault.moved(a(1)), vault.moved(a(2))]).toEqual([true, false])
  })

  it('stays what it was when the store has refused to be written', async () => {
    const contexts: WriteContext[] = []
    const store = storeWith(a(1), (kept) => ({
      async write(_tokens, context) {
        contexts.push(context)
        await elsewhere(kept, a(7))
        return false
      },
    }))
    const vault = open(store)
    vault.know(await vault.look())
    expect(await vault.replace(a(2), always)).toEqual({ stored: false, found: a(7) })
    expect(contexts).toEqual([{ mode: 'replace', replacing: a(1) }])
    expect([vault.moved(a(7)), vault.moved(a(1))]).toEqual([true, false])
  })

  it('is told from what somebody else has stored, which is not overwritten', async () => {
    const store = memoryStore(a(1))
    const vault = open(store)
    vault.know(await vault.look())
    await elsewhere(store, a(7))
    expect(await vault.replace(a(2), always)).toEqual({ stored: false, found: a(7) })
    expect(await store.read()).toEqual(a(7))
  })

  it('is not changed when that is no longer wanted once its turn has come', async () => {
    const store = memoryStore(a(1))
    const vault = open(store)
    vault.know(await vault.look())
    expect(await vault.replace(a(2), () => false)).toEqual({ stored: false })
    expect(await store.read()).toEqual(a(1))
  })

  it('is nobody’s news when it could not be overwritten', async () => {
    const vault = open(storeWith(a(1), () => ({ write: fail })))
    await rejection(vault.set(undefined))
    expect(vault.moved(await vault.look())).toBe(false)
  })
})

describe('the lock', () => {
  it('is held for as long as the work takes, and ends as the work does', async () => {
    const ends: unknown[] = []
    const store = storeWith(undefined, () => ({
      lock: (run) => run().finally(() => ends.push('free')),
    }))
    expect(await open(store).exclusively(async () => 'done')).toBe('done')
    expect(await rejection(open(store).exclusively(() => Promise.reject(failure)))).toBe(failure)
    expect([ends, environment.timers]).toEqual([['free', 'free'], 0])
  })

  it('sees how the work went', async () => {
    const seen: unknown[] = []
    const store = storeWith(undefined, () => ({
      async lock(run) {
        const result = await run()
        seen.push(result)
        return result
      },
    }))
    await open(store).exclusively(async () => 'done')
    expect(seen).toEqual(['done'])
  })

  it('whose release fails changes nothing', async () => {
    const store = storeWith(undefined, () => ({ lock: async (run) => (await run(), fail()) }))
    expect(await open(store).exclusively(async () => 'done')).toBe('done')
    expect(environment.timers).toBe(0)
  })

  it('that comes when nobody waits for it any longer starts nothing', async () => {
    const turn = deferred()
    const ran: string[] = []
    const store = storeWith(undefined, () => ({ lock: async (run) => (await turn.promise, run()) }))
    const failed = rejection(open(store).exclusively(async () => ran.push('work')))
    await environment.pass(75_000)
    turn.resolve()
    await settle()
    expect([await failed, ran]).toEqual([expect.objectContaining({ code: 'OAUTH_STORE_FAILED' }), []])
  })

  it('tells the store when nobody waits any longer', async () => {
    let signal: AbortSignal | undefined
    const store = storeWith(undefined, () => ({ lock: (_run, given) => ((signal = given), hang()) }))
    const failed = rejection(open(store).exclusively(hang))
    await environment.pass(75_000)
    const error = await failed
    expect(error.message).toContain('could not be locked')
    expect(signal?.reason).toBe(error)
  })

  it.each([
    ['whose rest fails is free afterwards, and that is nobody’s unhandled rejection', () => Promise.reject(failure), ['free']],
    ['tells of its rest when it is free', async () => () => void order.push('told'), ['free', 'told']],
  ])('%s', async (_name, rest: () => Promise<() => void>, expected) => {
    order.length = 0
    const store = storeWith(undefined, () => ({ lock: (run) => run().finally(() => order.push('free')) }))
    const work = async (_lost: unknown, leave: (left: typeof rest) => void): Promise<string> => (leave(rest), 'done')
    expect(await open(store).exclusively(work)).toBe('done')
    // The platform tells of unhandled rejections when it has nothing else to do.
    await new Promise((resolve) => setImmediate(resolve))
    expect([order, environment.timers]).toEqual([expected, 0])
  })
})

const order: string[] = []
