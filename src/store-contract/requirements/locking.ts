import type { TokenStore } from '../../index.js'
import { check, checkSame, rejectionOf, show } from '../assert.js'
import type { CaseContext, Requirement } from '../case-context.js'
import { checkFree, takeLock } from '../lock.js'
import { pause } from '../time.js'
import { tokenSet } from '../token-sets.js'

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

/** The lock excludes, and its result is that of the work. */
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
      const { release } = await takeLock(context, context.store)
      context.waitingFor = 'reading and writing while another store has the lock'
      await context.set(tokenSet(1), other)
      checkSame(await context.read(other), tokenSet(1), 'what is read while another store has the lock')
      await context.set(undefined, other)
      checkSame(await context.read(other), undefined, 'what is read while another store has the lock')
      await release()
    },
  },
]
