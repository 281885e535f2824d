import type { TokenStore } from '../../index.js'
import { check, checkSame, rejectionOf, show } from '../assert.js'
import { madeUp } from '../made-up.js'
import type { Place, Promised } from '../place.js'
import { gate, pause } from '../time.js'

/** Takes the lock and keeps it until it is told to let go. Resolves when it has the lock. */
async function hold(
  place: Place,
  store: TokenStore,
): Promise<{ lost: AbortSignal | undefined; release: () => Promise<unknown> }> {
  const taken = gate()
  const end = gate()
  let signal: AbortSignal | undefined
  const holding = place.lock(
    async (lost) => {
      signal = lost
      taken.open()
      await end.opened
    },
    { store },
  )
  place.atTheEnd.push(end.open)
  await place.soon(Promise.race([taken.opened, holding]), 'the lock')
  return { lost: signal, release: () => (end.open(), place.soon(holding, 'the lock to be given back')) }
}

/** Does something under the lock; fails with `what` when its turn doesn't come. */
async function checkFree(place: Place, store: TokenStore, what: string): Promise<void> {
  const seen = await place.soon(
    place.lock(async () => 'inside', { store }),
    what,
  )
  check(seen === 'inside', `lock resolved with ${show(seen)} instead of what run resolved with`)
}

const TURNS = 8

/** A counter that loses steps unless one at a time reads it, takes its time, and writes it. */
async function count(place: Place, stores: readonly TokenStore[]): Promise<void> {
  let inside = 0
  let most = 0
  await place.set(madeUp(0, { count: 0 }))
  const step = (store: TokenStore): Promise<void> =>
    place.lock(
      async () => {
        most = Math.max(most, ++inside)
        const before = await place.read(store)
        const next = Number(before?.count) + 1
        await pause(1)
        await place.replace(madeUp(next, { count: next }), before, store)
        inside--
      },
      { store },
    )
  const steps = stores.flatMap((store) => Array.from({ length: TURNS }, () => step(store)))
  await place.soon(Promise.all(steps), `the turns of ${steps.length} who want the lock`)
  check(most === 1, `${most} were inside at the same time`)
  checkSame((await place.read())?.count, steps.length, `the counter after ${steps.length} steps`)
}

export const locking: readonly Promised[] = [
  {
    promise: 'the lock lets in one at a time',
    needs: ['lock'],
    test: (place) => count(place, [place.store]),
  },
  {
    promise: 'the lock lets in one at a time, of all store objects of the place',
    needs: ['lock', 'another'],
    test: async (place) => count(place, [place.store, await place.another()]),
  },
  {
    promise: 'lock resolves with what run resolves with',
    needs: ['lock'],
    async test(place) {
      const value = { made: 'up' }
      const seen = await place.lock(async () => value)
      check(seen === value, `it resolved with ${show(seen)}`)
    },
  },
  {
    promise: 'lock rejects with what run rejects with, and is free then',
    needs: ['lock'],
    async test(place) {
      const reason = new Error('made-up failure')
      const seen = await rejectionOf(
        place.lock(async () => {
          await pause(1)
          throw reason
        }),
        'a lock whose run rejects',
      )
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await checkFree(place, await place.another(), 'the lock, after a run that rejected')
    },
  },
  {
    promise: 'lock rejects with what run throws at once, and is free then',
    needs: ['lock'],
    async test(place) {
      const reason = new Error('made-up failure')
      const seen = await rejectionOf(
        place.lock(() => {
          throw reason
        }),
        'a lock whose run throws',
      )
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await checkFree(place, await place.another(), 'the lock, after a run that threw')
    },
  },
  {
    promise: 'the lock can be taken again as soon as it was given back',
    needs: ['lock'],
    async test(place) {
      const other = await place.another()
      for (let i = 0; i < 3; i++)
        for (const store of [place.store, place.store, other]) await checkFree(place, store, 'the lock, just given back')
    },
  },
  {
    promise: 'reading and writing work under the lock',
    needs: ['lock'],
    async test(place) {
      const inside = place.lock(async () => {
        await place.set(madeUp(1))
        await place.replace(madeUp(2), await place.read())
        return place.read()
      })
      checkSame(await place.soon(inside, 'reading and writing under the lock'), madeUp(2), 'what is read under the lock')
    },
  },
  {
    promise: 'who reads, signs in or signs out does not wait for the lock',
    needs: ['lock'],
    async test(place) {
      const other = await place.another()
      const { release } = await hold(place, place.store)
      place.waitingFor = 'reading and writing while somebody else has the lock'
      await place.set(madeUp(1), other)
      checkSame(await place.read(other), madeUp(1), 'what is read while somebody else has the lock')
      await place.set(undefined, other)
      checkSame(await place.read(other), undefined, 'what is read while somebody else has the lock')
      await release()
    },
  },
  {
    promise: 'who waits for the lock rejects with the reason of the signal as soon as it is aborted, and runs nothing',
    needs: ['lock'],
    async test(place) {
      const { release } = await hold(place, place.store)
      const waiting = new AbortController()
      const reason = new Error('made-up reason')
      let ran = false
      const store = await place.another()
      const waiter = place.lock(async () => (ran = true), { store, signal: waiting.signal })
      await pause(5)
      waiting.abort(reason)
      const seen = await place.soon(rejectionOf(waiter, 'an aborted waiter'), 'an aborted waiter to reject')
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await release()
      await checkFree(place, store, 'the lock')
      check(!ran, 'run was called after the abort')
    },
  },
  {
    promise: 'with a signal that is aborted already, lock rejects with its reason and runs nothing',
    needs: ['lock'],
    async test(place) {
      const reason = new Error('made-up reason')
      let ran = false
      const late = place.lock(async () => (ran = true), { signal: AbortSignal.abort(reason) })
      const seen = await place.soon(rejectionOf(late, 'a lock with an aborted signal'), 'a lock with an aborted signal')
      check(seen === reason, `it rejected with ${show(String(seen))}`)
      await checkFree(place, await place.another(), 'the lock')
      check(!ran, 'run was called')
    },
  },
  {
    promise: 'a waiter that leaves does not disturb those who wait before and after it',
    needs: ['lock'],
    async test(place) {
      const stores = [place.store, await place.another()]
      const { release } = await hold(place, place.store)
      const leaving = new AbortController()
      let inside = 0
      let most = 0
      const runs: number[] = []
      const wait = (i: number): Promise<void> =>
        place.lock(
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
      check(runs.length === 0, 'a waiter ran while the lock was held')
      await release()
      await place.soon(Promise.allSettled(waiters), 'the turns of those who stayed')
      checkSame([...runs].sort(), [0, 3, 4, 5], 'the list of those who ran')
      check(most === 1, `${most} were inside at the same time`)
    },
  },
  {
    promise: 'an abort after the lock was taken does not end it',
    needs: ['lock'],
    async test(place) {
      const controller = new AbortController()
      const end = gate()
      const taken = gate()
      const holding = place.lock(
        async () => {
          taken.open()
          await end.opened
          return 'done'
        },
        { signal: controller.signal },
      )
      await place.soon(Promise.race([taken.opened, holding]), 'the lock')
      controller.abort(new Error('made-up reason'))
      let entered = false
      const contender = place.lock(async () => (entered = true), { store: await place.another() })
      await pause(20)
      check(!entered, 'somebody else got the lock while run was under way')
      end.open()
      checkSame(await place.soon(holding, 'run to end'), 'done', 'what lock resolved with')
      await place.soon(contender, 'the lock')
    },
  },
  {
    promise: 'a live holder keeps the lock, and is told nothing else',
    needs: ['lock'],
    async test(place) {
      const { lost, release } = await hold(place, place.store)
      check(lost === undefined || typeof lost.addEventListener === 'function', `lost is ${show(lost)}, and no signal`)
      check(!lost?.aborted, 'lost is aborted at the beginning')
      let entered = false
      const contender = place.lock(async () => (entered = true), { store: await place.another() })
      await pause(place.timeout / 4)
      check(!entered, 'somebody else got the lock of a live holder')
      check(!lost?.aborted, 'lost was aborted although the holder lives and has the lock')
      await release()
      await place.soon(contender, 'the lock, once the holder has given it back')
    },
  },
  {
    promise: 'the locks of different places are different locks',
    needs: ['lock', 'elsewhere'],
    async test(place) {
      const { release } = await hold(place, place.store)
      await checkFree(place, await place.elsewhere(), 'the lock of another place')
      await release()
    },
  },
  {
    promise: 'the lock of a holder that has died becomes free without help',
    needs: ['lock', 'dieWithLock'],
    async test(place) {
      await place.soon(Promise.resolve(place.options.dieWithLock?.()), 'dieWithLock()')
      await checkFree(place, place.store, 'the lock of a holder that has died')
      await checkFree(place, await place.another(), 'the lock after that')
    },
  },
  {
    promise: 'a holder that has lost the lock all the same is told by the signal',
    needs: ['lock', 'loseLock'],
    async test(place) {
      const { lost, release } = await hold(place, place.store)
      check(lost, 'run got no signal')
      await place.options.loseLock?.(place.store)
      await place.until(() => lost.aborted, 'the signal of the holder to be aborted')
      await release().catch(() => undefined)
    },
  },
  {
    promise: 'a lock that was lost is free for others, and giving it back late does not take it from them',
    needs: ['lock', 'loseLock', 'another'],
    async test(place) {
      const other = await place.another()
      const late = await hold(place, place.store)
      await place.options.loseLock?.(place.store)
      const { release } = await hold(place, other)
      await late.release().catch(() => undefined)
      let entered = false
      const contender = place.lock(async () => (entered = true))
      await pause(20)
      check(!entered, 'a third one got the lock while the second one had it')
      await release()
      await place.soon(contender, 'the lock')
    },
  },
  {
    promise: 'what a late holder writes in mode replace is refused when the store has moved on',
    needs: ['lock', 'loseLock', 'another', 'compare'],
    async test(place) {
      const other = await place.another()
      await place.set(madeUp(1))
      const late = await hold(place, place.store)
      const replacing = await place.read()
      await place.options.loseLock?.(place.store)
      const write = async (): Promise<boolean> => place.replace(madeUp(2), await place.read(other), other)
      const stands = await place.soon(place.lock(write, { store: other }), 'the lock that was lost')
      check(stands, 'the write of the new holder was refused')
      // Returning false lets the session take over what is there; an error is a refusal too.
      check(!(await place.replace(madeUp(3), replacing).catch(() => false)), 'the late write was not refused')
      checkSame(await place.read(), madeUp(2), 'what is read')
      await late.release().catch(() => undefined)
    },
  },
]
