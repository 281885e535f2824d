import type { TokenStore } from '../../index.js'
import { check, checkSame, rejectionOf, show } from '../assert.js'
import type { Requirement } from '../case-context.js'
import { checkFree, takeLock } from '../lock.js'
import { gate, pause } from '../time.js'

/** Waiters for the lock may leave. */
export const lockWaiters: readonly Requirement[] = [
  {
    promise: 'a waiter rejects with the reason of its signal as soon as that is aborted, and runs nothing',
    needs: ['lock'],
    async test(context) {
      const { release } = await takeLock(context, context.store)
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
      const { release } = await takeLock(context, context.store)
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
]
