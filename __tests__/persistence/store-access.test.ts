import { OAuthError, originalCause } from '../../src/errors.js'
import { StoreAccess } from '../../src/persistence/store-access.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { TokenJSON, TokenStore, WriteContext } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { storeElsewhere, storeWith, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const open = (store: TokenStore): StoreAccess => new StoreAccess(store, environment, 10_000)
const a = (n: number): ReturnType<typeof tokensFor> => tokensFor(environment, n)
const failure = new Error('made up')
const fail = (): never => {
  throw failure
}
const hang = (): Promise<never> => new Promise(() => undefined)
const wanted = { aborted: false }

/** Access to a store whose present content is known. */
async function known(store: TokenStore): Promise<StoreAccess> {
  const access = open(store)
  access.acknowledge(await access.read())
  return access
}

describe('a store in trouble', () => {
  const steps: [string, Partial<TokenStore>, (access: StoreAccess) => Promise<unknown>][] = [
    ['could not be read', { read: fail }, (access) => access.read()],
    ['could not be read', { read: () => Promise.reject(failure) }, (access) => access.overwrite(a(2))],
    ['could not be written', { write: fail }, (access) => access.replace(a(2), wanted)],
    ['could not be written', { write: () => Promise.reject(failure) }, (access) => access.overwrite(undefined)],
  ]
  it.each(steps)('that %s is named in the error, with the cause', async (what, broken, step) => {
    const access = open({ name: 'made-up store', read: () => undefined, write: () => undefined, ...broken })
    const error = await rejection(step(access))
    expect(error).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringContaining(`(made-up store) ${what}`) as string,
    })
    expect(originalCause(error)).toBe(failure)
    expect(environment.timers).toBe(0)
  })

  const hanging: [string, Partial<TokenStore>, (access: StoreAccess) => Promise<unknown>][] = [
    ['read', { read: hang }, (access) => access.read()],
    ['write', { write: hang }, (access) => access.overwrite(a(2))],
    ['replace', { write: hang }, (access) => access.replace(a(2), wanted)],
  ]
  it.each(hanging)('whose %s gives no answer within 10 s fails with that in the message', async (_what, broken, step) => {
    const failed = rejection<Error>(step(open({ ...memoryStore(), ...broken })))
    await environment.pass(10_000)
    expect((await failed).message).toMatch(/could not be (read|written): no answer within 10000 ms\. Its content is unchanged\./)
    expect(environment.timers).toBe(0)
  })

  it('that refuses a write although it has not changed has failed', async () => {
    const access = await known({ ...memoryStore(a(1)), write: () => false })
    expect(await rejection(access.replace(a(2), wanted))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringMatching(/could not be written: the store refused the write\. Its/) as string,
    })
  })

  it('that rejects with an error of this package is not wrapped in a second one', async () => {
    const own = new OAuthError('OAUTH_STORE_FAILED', 'The token store (mine) is full.')
    expect(await rejection(open(storeWith(undefined, () => ({ read: () => Promise.reject(own) }))).read())).toBe(own)
    const other = new OAuthError('OAUTH_TOKEN_INVALID', 'made up')
    expect(await rejection(open(storeWith(undefined, () => ({ read: () => Promise.reject(other) }))).read())).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      cause: other,
    })
  })

  it('without a name is called store', () => {
    expect(open({ read: () => null, write: () => undefined }).name).toBe('store')
  })

  it('that can not be read is not written to, but a deletion is tried', async () => {
    const written: unknown[] = []
    let read: TokenStore['read'] = () => a(1)
    const access = await known({ read: () => read(), write: (...args) => void written.push(args) })
    read = fail
    await rejection(access.overwrite(a(2)))
    expect(written).toEqual([])
    expect(await access.overwrite(undefined)).toEqual(a(1))
    expect(written).toEqual([[undefined, { mode: 'set', replacing: a(1) }]])
  })
})

describe('the content that is known', () => {
  it('is nothing before the first read, and what was written afterwards', async () => {
    const access = open(memoryStore(a(1)))
    const stored = await access.read()
    expect(access.changedExternally(stored)).toBe(true)
    access.acknowledge(stored)
    expect(access.changedExternally(stored)).toBe(false)
    expect(await access.replace(a(2), wanted)).toBeUndefined()
    expect([access.changedExternally(a(1)), access.changedExternally(a(2))]).toEqual([true, false])
  })

  it('stays what it was when the store refuses a write', async () => {
    const contexts: WriteContext[] = []
    const access = await known(
      storeWith(a(1), (kept) => ({
        async write(_tokens, context) {
          contexts.push(context)
          await storeElsewhere(kept, a(7))
          return false
        },
      })),
    )
    expect(await access.replace(a(2), wanted)).toEqual({ found: a(7) })
    expect(contexts).toEqual([{ mode: 'replace', replacing: a(1) }])
    expect([access.changedExternally(a(7)), access.changedExternally(a(1))]).toEqual([true, false])
  })

  it('is nothing only where the store holds nothing: a record without tokens is a change', () => {
    const access = open(memoryStore())
    expect([access.changedExternally(undefined), access.changedExternally({})]).toEqual([false, true])
  })

  it('is watched until the undo of the store is called', () => {
    const listeners = new Set<unknown>()
    const access = open({
      ...memoryStore(),
      subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
    })
    const undo = access.subscribe(() => undefined)
    expect(listeners.size).toBe(1)
    undo()
    expect(listeners.size).toBe(0)
    expect(open(memoryStore()).subscribe(() => undefined)()).toBeUndefined()
  })

  it('differs from a set that another process has stored, which is not overwritten', async () => {
    const store = memoryStore(a(1))
    const access = await known(store)
    await storeElsewhere(store, a(7))
    expect(await access.replace(a(2), wanted)).toEqual({ found: a(7) })
    expect(await store.read()).toEqual(a(7))
  })

  it('is not replaced by a superseded write', async () => {
    const store = memoryStore(a(1))
    const access = await known(store)
    expect(await access.replace(a(2), { aborted: true })).toBeUndefined()
    expect(await store.read()).toEqual(a(1))
  })

  it('that could not be overwritten does not count as changed elsewhere', async () => {
    const access = open(storeWith(a(1), () => ({ write: fail })))
    await rejection(access.overwrite(undefined))
    expect(access.changedExternally(await access.read())).toBe(false)
  })
})

describe('the order of changes', () => {
  it('is the order of the calls, also after one that fails', async () => {
    const writing = deferred()
    const written: unknown[] = []
    const access = open({
      read: () => undefined,
      async write(tokens) {
        if (written.length === 0) await writing.promise
        written.push(tokens?.access_token)
        if (written.length === 1) throw failure
      },
    })
    const results = [access.overwrite(a(1)), access.overwrite(a(2)), access.overwrite(a(3))].map((result) =>
      result.catch(() => 'failed'),
    )
    await settle()
    expect(written).toEqual([])
    writing.resolve()
    expect([await results[0], written.length]).toEqual(['failed', expect.any(Number)])
    await Promise.all(results)
    expect(written).toEqual(['a1', 'a2', 'a3'])
  })

  it('lets a read see every change that was asked for before it', async () => {
    const access = open(memoryStore(a(1)))
    void access.overwrite(a(2))
    expect(await access.read()).toEqual(a(2))
  })
})

describe('checkWritable', () => {
  it('resolves with the objection of the store, which gets the content that is known', async () => {
    const asked: unknown[] = []
    const access = await known({
      ...memoryStore(a(1)),
      checkWritable: (tokens) => {
        asked.push(tokens)
        throw failure
      },
    })
    const objection = await access.checkWritable()
    expect([objection?.code, originalCause(objection)]).toEqual(['OAUTH_STORE_FAILED', failure])
    expect(asked).toEqual([a(1)])
  })

  it('resolves with nothing when the store has no objection, or can not tell', async () => {
    expect(await open({ ...memoryStore(), checkWritable: () => undefined }).checkWritable()).toBeUndefined()
    expect(await open(memoryStore()).checkWritable()).toBeUndefined()
  })

  it('that hangs is an objection after the time limit', async () => {
    const objection = open({ ...memoryStore(), checkWritable: hang }).checkWritable()
    await environment.pass(10_000)
    expect(await objection).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })
})

describe('a store that returns its own object', () => {
  it('has changed when that object has', async () => {
    const live = a(1)
    const access = await known({ read: () => live, write: () => undefined })
    expect(access.changedExternally(await access.read())).toBe(false)
    live.access_token = 'a2'
    expect(access.changedExternally(await access.read())).toBe(true)
  })
})

describe('a store that answers false to a write without condition', () => {
  const refused = { code: 'OAUTH_STORE_FAILED', cause: { message: 'the store refused the write' } }

  it('has refused it when its content is another', async () => {
    const access = open({ read: () => a(1), write: () => false })
    expect(await rejection(access.overwrite(a(2)))).toMatchObject(refused)
    expect(await rejection(access.overwrite(undefined))).toMatchObject(refused)
    expect(await rejection(open({ read: () => undefined, write: () => false }).overwrite(a(2)))).toMatchObject(refused)
  })

  it('has written when its content is the new one, like the delete() of a Map that was empty', async () => {
    const map = new Map<string, TokenJSON>()
    const access = open({
      read: () => map.get('key'),
      write: (tokens) => (tokens ? (map.set('key', tokens), false) : map.delete('key')),
    })
    await access.overwrite(undefined)
    await access.overwrite(a(1))
    expect(access.changedExternally(await access.read())).toBe(false)
  })
})

it.each<[string, unknown]>([
  ['an object', { unsubscribe: () => undefined }],
  ['a promise', Promise.resolve(() => undefined)],
  ['nothing', undefined],
])('a store whose subscribe() returns %s can be left', (_what, returned) => {
  const access = open({ read: () => undefined, write: () => undefined, subscribe: () => returned as () => void })
  expect(() => access.subscribe(() => undefined)()).not.toThrow()
})
