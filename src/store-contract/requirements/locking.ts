import type { TokenStore } from '../../index.js'
import { check, checkSame, rejectionOf, show } from '../assert.js'
import { tokenSet } from '../token-sets.js'
import type { CaseContext, Requirement } from '../case-context.js'
import { gate, pause } from '../time.js'

/** Takes the lock and keeps it until `release` is called. Resolves when it has the lock. */
async function hold(
  context: CaseContext,
  store: TokenStore,
): Promise<{ lost: AbortSignal | undefined; release: () => Promise<unknown> }> {
  const taken = gate()
  const end = gate()
  let signal: AbortSignal | undefined
  const holding = context.lock(
    async (lost) => {
      signal = lost
      taken.open()
      await end.opened
    },
    { store },
  )
  context.atTheEnd.push(end.open)
  await context.soon(Promise.race([taken.opened, holding]), 'the lock')
  return { lost: signal, release: () => (end.open(), context.soon(holding, 'the lock to be given back')) }
}

/** Takes the lock once. The message at the time limit names `what`. */
async function checkFree(context: CaseContext, store: TokenStore, what: string): Promise<void> {
  const seen = await context.soon(
    context.lock(async () => 'inside', { store }),
    what,
  )
  check(seen === 'inside', `lock resolved with ${show(seen)} instead of what run resolved with`)
}

const TURNS = 8

/** Increments a stored counter under the lock; without mutual exclusion it loses steps. */
async function count(context: CaseContext, stores: readonly TokenStore[]): Promise<void> {
  let inside = 0
  let most = 0
  await context.set(tokenSet(0, { count: 0 }))
  const step = (store: TokenStore): Promise<void> =>
    context.lock(
      async () => {
        most = Math.max(most, ++inside)
        const before = await context.read(store)
        const next = Number(before?.count) + 1
        await pause(1)
        await context.replace(tokenSet(next, { count: next }), before, store)
        inside--
      },
      { store },
    )
  const steps = stores.flatMap((store) => Array.from({ length: TURNS }, () => step(store)))
  await context.soon(Promise.all(steps), `${steps.length} holders of the lock, one after the other`)
  check(most === 1, `${most} were inside at the same time`)
  checkSame((await context.read())?.count, steps.length, `the counter after ${steps.length} steps`)
}

export const locking: readonly Requirement[] = [
  {
    promise: 'the lock admits one run at a time',
    needs: ['lock'],
    test: (context) => count(context, [context.store]),
  },
  {
    promise: 'the lock admits one run at a time across all store objects of the place',
    needs: ['lock', 'another'],
    test: async (context) => count(context, [context.store, await context.another()]),
  },
  {
    promise: 'lock resolves with what run resolves with',
    needs: ['lock'],
    async test(context) {
      const value = { made: 'up' }
      const seen = await context.lock(async () => value)
      check(seen === value, `it resolved with ${show(seen)}`)
    },
  },
  {
    promise: 'lock rejects with what run rejects with, and is free then',
    needs: ['lock'],
    async test(context) {
      const reason = new Error('made-up failure')
      const seen = await rejectionOf(
        context.lock(async () => {
          await pause(1)
          throw reason
        }),
        'a lock whose run rejects',
      )
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await checkFree(context, await context.another(), 'the lock, after a run that rejected')
    },
  },
  {
    promise: 'lock rejects with what run throws synchronously, and is free then',
    needs: ['lock'],
    async test(context) {
      const reason = new Error('made-up failure')
      const seen = await rejectionOf(
        context.lock(() => {
          throw reason
        }),
        'a lock whose run throws',
      )
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await checkFree(context, await context.another(), 'the lock, after a run that threw')
    },
  },
  {
    promise: 'the lock can be taken again as soon as it was given back',
    needs: ['lock'],
    async test(context) {
      const other = await context.another()
      for (let i = 0; i < 3; i++)
        for (const store of [context.store, context.store, other]) await checkFree(context, store, 'the lock, just given back')
    },
  },
  {
    promise: 'reading and writing work under the lock',
    needs: ['lock'],
    async test(context) {
      const inside = context.lock(async () => {
        await context.set(tokenSet(1))
        await context.replace(tokenSet(2), await context.read())
        return context.read()
      })
      checkSame(await context.soon(inside, 'reading and writing under the lock'), tokenSet(2), 'what is read under the lock')
    },
  },
  {
    promise: 'reading, signing in and signing out do not wait for the lock',
    needs: ['lock'],
    async test(context) {
      const other = await context.another()
      const { release } = await hold(context, context.store)
      context.waitingFor = 'reading and writing while another store has the lock'
      await context.set(tokenSet(1), other)
      checkSame(await context.read(other), tokenSet(1), 'what is read while another store has the lock')
      await context.set(undefined, other)
      checkSame(await context.read(other), undefined, 'what is read while another store has the lock')
      await release()
    },
  },
  {
    promise: 'a waiter rejects with the reason of its signal as soon as that is aborted, and runs nothing',
    needs: ['lock'],
    async test(context) {
      const { release } = await hold(context, context.store)
      const waiting = new AbortController()
      const reason = new Error('made-up reason')
      let ran = false
      const store = await context.another()
      const waiter = context.lock(async () => (ran = true), { store, signal: waiting.signal })
      await pause(5)
      waiting.abort(reason)
      const seen = await context.soon(rejectionOf(waiter, 'an aborted waiter'), 'an aborted waiter to reject')
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await release()
      await checkFree(context, store, 'the lock')
      check(!ran, 'run was called after the abort')
    },
  },
  {
    promise: 'with a signal that is aborted already, lock rejects with its reason and runs nothing',
    needs: ['lock'],
    async test(context) {
      const reason = new Error('made-up reason')
      let ran = false
      const late = context.lock(async () => (ran = true), { signal: AbortSignal.abort(reason) })
      const seen = await context.soon(rejectionOf(late, 'a lock with an aborted signal'), 'a lock with an aborted signal')
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await checkFree(context, await context.another(), 'the lock')
      check(!ran, 'run was called')
    },
  },
  {
    promise: 'a waiter that leaves does not disturb the waiters before and after it',
    needs: ['lock'],
    async test(context) {
      const stores = [context.store, await context.another()]
      const { release } = await hold(context, context.store)
      const leaving = new AbortController()
      let inside = 0
      let most = 0
      const runs: number[] = []
      const wait = (i: number): Promise<void> =>
        context.lock(
          async () => {
            most = Math.max(most, ++inside)
            runs.push(i)
            await pause(1)
            inside--
          },
          { store: stores[i % 2] as TokenStore, ...((i === 1 || i === 2) && { signal: leaving.signal }) },
        )
      const waiters = Array.from({ length: 6 }, (_, i) => wait(i))
      await pause(5)
      leaving.abort(new Error('made-up reason'))
      await pause(5)
      check(runs.length === 0, 'a waiter ran while another store had the lock')
      await release()
      await context.soon(Promise.allSettled(waiters), 'the turns of those who stayed')
      checkSame([...runs].sort(), [0, 3, 4, 5], 'the list of those who ran')
      check(most === 1, `${most} were inside at the same time`)
    },
  },
  {
    promise: 'an abort after the lock was taken does not end it',
    needs: ['lock'],
    async test(context) {
      const controller = new AbortController()
      const end = gate()
      const taken = gate()
      const holding = context.lock(
        async () => {
          taken.open()
          await end.opened
          return 'done'
        },
        { signal: controller.signal },
      )
      await context.soon(Promise.race([taken.opened, holding]), 'the lock')
      controller.abort(new Error('made-up reason'))
      let entered = false
      const contender = context.lock(async () => (entered = true), { store: await context.another() })
      await pause(20)
      check(!entered, 'another store got the lock while run was under way')
      end.open()
      checkSame(await context.soon(holding, 'run to end'), 'done', 'what lock resolved with')
      await context.soon(contender, 'the lock')
    },
  },
  {
    promise: 'a live holder keeps the lock, and its signal is not aborted',
    needs: ['lock'],
    async test(context) {
      const { lost, release } = await hold(context, context.store)
      check(lost === undefined || typeof lost.addEventListener === 'function', `lost is ${show(lost)}, and no signal`)
      check(!lost?.aborted, 'lost is aborted at the beginning')
      let entered = false
      const contender = context.lock(async () => (entered = true), { store: await context.another() })
      await pause(context.timeout / 4)
      check(!entered, 'another store got the lock of a live holder')
      check(!lost?.aborted, 'lost was aborted although the holder lives and has the lock')
      await release()
      await context.soon(contender, 'the lock, once the holder has given it back')
    },
  },
  {
    promise: 'the locks of different places are different locks',
    needs: ['lock', 'elsewhere'],
    async test(context) {
      const { release } = await hold(context, context.store)
      await checkFree(context, await context.elsewhere(), 'the lock of another place')
      await release()
    },
  },
  {
    promise: 'the lock of a holder that has died becomes free without help',
    needs: ['lock', 'dieWithLock'],
    async test(context) {
      await context.soon(Promise.resolve(context.options.dieWithLock?.()), 'dieWithLock()')
      await checkFree(context, context.store, 'the lock of a holder that has died')
      await checkFree(context, await context.another(), 'the lock after that')
    },
  },
  {
    promise: 'the signal of a holder that has lost the lock is aborted',
    needs: ['lock', 'loseLock'],
    async test(context) {
      const { lost, release } = await hold(context, context.store)
      check(lost, 'run got no signal')
      await context.options.loseLock?.(context.store)
      await context.until(() => lost.aborted, 'the signal of the holder to be aborted')
      await release().catch(() => undefined)
    },
  },
  {
    promise: 'a lost lock can be taken, and a late release by the former holder does not free it',
    needs: ['lock', 'loseLock', 'another'],
    async test(context) {
      const other = await context.another()
      const late = await hold(context, context.store)
      await context.options.loseLock?.(context.store)
      const { release } = await hold(context, other)
      await late.release().catch(() => undefined)
      let entered = false
      const contender = context.lock(async () => (entered = true))
      await pause(20)
      check(!entered, 'a third one got the lock while the second one had it')
      await release()
      await context.soon(contender, 'the lock')
    },
  },
  {
    promise: 'a late holder’s write in mode replace is refused when the store has changed',
    needs: ['lock', 'loseLock', 'another', 'compare'],
    async test(context) {
      const other = await context.another()
      await context.set(tokenSet(1))
      const late = await hold(context, context.store)
      const replacing = await context.read()
      await context.options.loseLock?.(context.store)
      const write = async (): Promise<boolean> => context.replace(tokenSet(2), await context.read(other), other)
      const stands = await context.soon(context.lock(write, { store: other }), 'the lock that was lost')
      check(stands, 'the write of the new holder was refused')
      // A refusal is `false`, after which the session adopts the stored set, or an error.
      check(!(await context.replace(tokenSet(3), replacing).catch(() => false)), 'the late write was not refused')
      checkSame(await context.read(), tokenSet(2), 'what is read')
      await late.release().catch(() => undefined)
    },
  },
]
