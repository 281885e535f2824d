import { OAuthError, originalCause } from '../../src/errors.js'
import { readSettings } from '../../src/axios/options.js'
import { plainPersistence } from '../../src/persistence/plain.js'
import { sharedPersistence } from '../../src/persistence/shared.js'
import type { ExchangeResult, Persistence, RenewRequest } from '../../src/session/persistence.js'
import { sharedStore } from '../../src/shared.js'
import { memoryStore } from '../../src/stores/memory.js'
import { readRecord, type TokenRecord } from '../../src/token-record.js'
import type { SharedStoreDefinition, TokenJSON } from '../../src/types.js'
import { deferred } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const failure = new Error('made up')
const fail = (): never => {
  throw failure
}
const record = (n: number): TokenRecord => readRecord(tokensFor(environment, n), environment.wall)
const settings = readSettings('createSession', memoryStore(), { refresh: false })

function open(definition: Partial<SharedStoreDefinition>, tokens: TokenJSON = tokensFor(environment, 1)): Persistence {
  const store = { ...memoryStore(tokens), lock: (run: () => Promise<never>) => run(), ...definition } as SharedStoreDefinition
  return sharedPersistence(store)(environment, settings)
}
const received = async (): Promise<ExchangeResult> => ({ type: 'received', record: record(2) })
const renewing = (exchange: RenewRequest['exchange'] = received): RenewRequest => ({
  current: undefined,
  exchange,
  adoptStored: false,
  isLate: false,
  superseded: { aborted: false },
})

/** A renewal whose token request is still to be made. */
const requesting = (exchange?: RenewRequest['exchange']): RenewRequest => ({ ...renewing(exchange), adoptStored: true })

describe('the lock of a shared store', () => {
  it('is kept for as long as the exchange and its save take', async () => {
    const order: string[] = []
    const persistence = open({
      lock: (run) => run().finally(() => order.push('released')),
      write: () => (order.push('written'), true),
    })
    const { outcome, released } = await persistence.renew(renewing(async () => (order.push('exchanged'), received())))
    await released
    expect([outcome.type, order, environment.timers]).toEqual(['refreshed', ['exchanged', 'written', 'released'], 0])
  })

  it('settles as the work does', async () => {
    const seen: unknown[] = []
    const persistence = open({
      async lock(run) {
        const result = await run()
        seen.push(result)
        return result
      },
    })
    await (
      await persistence.renew(renewing())
    ).released
    expect(seen).toEqual([undefined])
    expect(await persistence.saveAgain(record(3), { aborted: false })).toEqual({ type: 'saved' })
    expect(seen).toEqual([undefined, { type: 'saved' }])
  })

  it.each<[string, SharedStoreDefinition['lock']]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(failure)],
    ['ends without running the work', (async () => undefined) as never],
  ])('that %s gives an error that names the store', async (_how, lock) => {
    let exchanges = 0
    const { outcome } = await open({ name: 'made-up store', lock }).renew(requesting(async () => (exchanges++, received())))
    expect(outcome).toMatchObject({
      type: 'failed',
      error: { code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('(made-up store) could not be locked') as string },
    })
    expect([exchanges, environment.timers]).toEqual([0, 0])
  })

  it('is given up after its time limit: the signal is aborted with the error', async () => {
    let signal: AbortSignal | undefined
    const persistence = open({ lock: (_run, given) => ((signal = given), new Promise(() => undefined)) })
    const renewal = persistence.renew(requesting())
    await environment.pass(74_999)
    expect(signal?.aborted).toBe(false)
    await environment.pass(1)
    const { outcome } = await renewal
    expect(outcome).toMatchObject({
      type: 'failed',
      error: { code: 'OAUTH_STORE_FAILED', cause: { message: expect.stringContaining('75000 ms') } },
    })
    expect(signal?.reason).toBe((outcome as { error: OAuthError }).error)
    expect(environment.timers).toBe(0)
  })

  it('that is granted after its time limit runs nothing', async () => {
    const granted = deferred()
    let exchanges = 0
    const persistence = open({ lock: async (run) => (await granted.promise, run()) })
    const renewal = persistence.renew(requesting(async () => (exchanges++, received())))
    await environment.pass(75_000)
    granted.resolve()
    await settle()
    expect([(await renewal).outcome.type, exchanges]).toEqual(['failed', 0])
  })

  it.each<[string, SharedStoreDefinition['lock']]>([
    ['a second time', async (run) => (await run(), run())],
    ['twice in parallel', async (run) => (await Promise.all([run(), run()]))[0]],
  ])('that runs the work %s starts one exchange', async (_how, lock) => {
    let exchanges = 0
    const { outcome, released } = await open({ lock }).renew(renewing(async () => (exchanges++, received())))
    await released
    expect([outcome.type, exchanges]).toEqual(['refreshed', 1])
  })

  it('whose release fails changes nothing', async () => {
    const { outcome, released } = await open({ lock: async (run) => (await run(), fail()) }).renew(renewing())
    expect([outcome.type, await released, environment.timers]).toEqual(['refreshed', undefined, 0])
  })

  it('whose release hangs counts as released after the time limit of a store step', async () => {
    const persistence = open({ lock: async (run) => (await run(), new Promise(() => undefined)) })
    const { outcome, released } = await persistence.renew(renewing())
    let isReleased = false
    void released?.then(() => (isReleased = true))
    await environment.pass(9_999)
    expect([outcome.type, isReleased]).toEqual(['refreshed', false])
    await environment.pass(1)
    expect([isReleased, environment.timers]).toEqual([true, 0])
  })

  it.each<[string, Partial<SharedStoreDefinition>, string]>([
    ['can not be acquired', { lock: fail }, 'could not be locked'],
    ['is acquired, but the store can not be read', { read: fail }, 'could not be read'],
    ['is lost', { lock: (run) => run(AbortSignal.abort(failure)) }, 'could not be locked'],
  ])('that %s loses no response that has already arrived', async (_what, overrides, message) => {
    const { outcome } = await open(overrides).renew(renewing())
    expect(outcome).toMatchObject({
      type: 'refreshed',
      record: record(2),
      saveError: { code: 'OAUTH_STORE_FAILED', message: expect.stringContaining(message) as string },
    })
  })

  it('that is lost before the exchange keeps the refresh token from being sent', async () => {
    let exchanges = 0
    const lost = AbortSignal.abort(failure)
    const { outcome } = await open({ read: () => undefined, lock: (run) => run(lost) }).renew(
      requesting(async () => (exchanges++, received())),
    )
    expect(outcome).toMatchObject({ type: 'failed', error: { code: 'OAUTH_STORE_FAILED' } })
    expect([originalCause((outcome as { error: OAuthError }).error), exchanges]).toEqual([failure, 0])
  })

  it.each<[string, SharedStoreDefinition['lock'], string]>([
    ['that is lost', (run) => run(AbortSignal.abort(failure)), '^its message is not shown'],
    ['that ends early', (async () => undefined) as never, 'the lock ended without running the work'],
  ])('%s gives an error that says so', async (_how, lock, reason) => {
    const { outcome } = await open({ name: 'made-up store', read: () => undefined, lock }).renew(requesting())
    const { error } = outcome as { error: OAuthError }
    expect(error.message).toContain('(made-up store) could not be locked')
    expect(error.cause ?? originalCause(error)).toMatchObject({ message: expect.stringMatching(reason) as string })
  })

  it('tells how long it was waited for', async () => {
    const persistence = open({ lock: (run) => new Promise((resolve) => environment.after(300, () => resolve(run()))) })
    const renewal = persistence.renew(renewing())
    await environment.pass(300)
    expect((await renewal).lockWait).toBe(300)
  })

  it('is passed to the exchange, which can see that it is lost', async () => {
    const controller = new AbortController()
    const seen: unknown[] = []
    const persistence = open({ lock: (run) => run(controller.signal) })
    await persistence.renew(renewing(async (_base, _unwritable, lost) => (seen.push(lost), received())))
    expect(seen).toEqual([controller.signal])
  })
})

describe('a set that could not be saved under the lock', () => {
  it('is saved again until it is stored, and the outcome comes with the release', async () => {
    let writes = 0
    const order: string[] = []
    const persistence = open({
      write: () => {
        if (++writes <= 3) throw failure
        order.push('stored')
      },
      lock: (run) => run().finally(() => order.push('released')),
    })
    const { outcome, released } = await persistence.renew(renewing())
    expect([outcome, order]).toEqual([{ type: 'refreshed', record: record(2), saveError: expect.any(OAuthError) }, []])
    await environment.pass(1000)
    expect([await released, order]).toEqual([{ type: 'saved' }, ['stored', 'released']])
  })

  it('that can never be saved causes no unhandled rejection, and the lock is released', async () => {
    let isReleased = false
    const persistence = open({ write: fail, lock: (run) => run().finally(() => (isReleased = true)) })
    const { released } = await persistence.renew(renewing())
    await environment.pass(10_100)
    // The platform reports unhandled rejections when it is idle.
    await new Promise((resolve) => setImmediate(resolve))
    expect([await released, isReleased, environment.timers]).toEqual([undefined, true, 0])
  })

  it('is not saved again when it is superseded', async () => {
    const superseded = { aborted: false }
    let writes = 0
    const persistence = open({
      write: () => {
        writes++
        throw failure
      },
    })
    const { released } = await persistence.renew({ ...renewing(), superseded })
    superseded.aborted = true
    await environment.pass(1000)
    expect([await released, writes]).toEqual([{ type: 'superseded' }, 1])
  })
})

describe('a set that another process has stored', () => {
  const foreign = (): TokenJSON => ({ access_token: 'a7', expires_at: environment.wall / 1000 + 60 })

  it('before the present set is saved again is adopted with its lifetime', async () => {
    const persistence = open({ read: foreign })
    expect(await persistence.saveAgain(record(2), { aborted: false })).toMatchObject({
      type: 'adopted',
      record: { parsed: { accessToken: 'a7', lifetime: 60_000 } },
    })
  })

  it('while the new set is saved again under the lock is adopted with its lifetime', async () => {
    const kept = memoryStore(tokensFor(environment, 1))
    let isBroken = false
    const persistence = open({
      read: () => (isBroken ? foreign() : kept.read()),
      write: () => {
        isBroken = true
        throw failure
      },
    })
    const { released } = await persistence.renew(renewing())
    await environment.pass(1000)
    expect(await released).toMatchObject({
      type: 'adopted',
      record: { parsed: { accessToken: 'a7', lifetime: 60_000 } },
    })
  })
})

describe('a store that one process uses', () => {
  it.each<[string, TokenJSON | undefined, unknown]>([
    ['the set', { access_token: 'a1' }, { parsed: { accessToken: 'a1' } }],
    ['nothing where there was none', undefined, undefined],
    ['nothing where the set is unusable', { access_token: 'a\n1' }, undefined],
  ])('gives %s that a sign-out deletes', async (_what, tokens, expected) => {
    const store = memoryStore(tokens)
    const deleted = await plainPersistence(store)(environment, settings).overwrite(undefined)
    if (expected) expect(deleted).toMatchObject(expected)
    else expect(deleted).toBeUndefined()
    expect(await store.read()).toBeUndefined()
  })

  it('needs no lock: the outcome comes without a release', async () => {
    const persistence = plainPersistence(memoryStore(tokensFor(environment, 1)))(environment, settings)
    const { outcome, released } = await persistence.renew(renewing())
    expect([outcome.type, released]).toEqual(['refreshed', undefined])
  })
})

describe('sharedStore()', () => {
  const definition = { read: () => undefined, write: () => true, lock: <R>(run: () => Promise<R>) => run() }

  it.each(['read', 'write', 'lock'])('without the function %s is a TypeError', (name) => {
    expect(() => sharedStore({ ...definition, [name]: undefined } as never)).toThrow(
      new TypeError(`sharedStore: ${name} must be a function`),
    )
  })

  it.each([undefined, null, 'text'])('of %p is a TypeError', (value) => {
    expect(() => sharedStore(value as never)).toThrow(TypeError)
  })

  it('keeps the methods bound to the definition', async () => {
    class Table implements SharedStoreDefinition {
      readonly #rows: TokenJSON[] = [{ access_token: 'a1' }]
      read = function (this: Table) {
        return this.#rows[0]
      }
      write(): boolean {
        return this.#rows.length > 0
      }
      lock<Result>(run: () => Promise<Result>): Promise<Result> {
        return this.#rows.length > 0 ? run() : Promise.reject(failure)
      }
    }
    const { read, lock } = sharedStore(new Table())
    expect([await read(), await lock(async () => 'ran', new AbortController().signal)]).toEqual([{ access_token: 'a1' }, 'ran'])
  })

  it('gives a store whose spread copy is refused', async () => {
    const { persistenceFor } = await import('../../src/axios/persistence-for.js')
    const store = sharedStore(definition)
    expect(persistenceFor('attachOAuth', store)).toBeInstanceOf(Function)
    for (const copy of [{ ...store }, definition])
      expect(() => persistenceFor('attachOAuth', copy)).toThrow(/^attachOAuth: .*sharedStore/)
  })
})

it('a read under way when the lock is needed does not take its turn away', async () => {
  const reading = deferred()
  let isFirst = true
  const kept = memoryStore(tokensFor(environment, 1))
  const persistence = open({
    async read() {
      if (isFirst) {
        isFirst = false
        await reading.promise
      }
      return kept.read()
    },
  })
  const check = persistence.check(undefined)
  const renewal = persistence.renew(renewing())
  await settle()
  reading.resolve()
  expect([(await check).change.type, (await renewal).outcome.type]).toEqual(['adopted', 'refreshed'])
})
