import { check, checkSame, show } from '../assert.js'
import type { Requirement } from '../case-context.js'
import { checkFree, takeLock } from '../lock.js'
import { pause } from '../time.js'
import { tokenSet } from '../token-sets.js'

/** Holders of the lock that live, have died, or have lost it. */
export const lockHolders: readonly Requirement[] = [
  {
    promise: 'a live holder keeps the lock, and its signal is not aborted',
    needs: ['lock'],
    async test(context) {
      const { lost, release } = await takeLock(context, context.store)
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
      const { release } = await takeLock(context, context.store)
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
      const { lost, release } = await takeLock(context, context.store)
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
      const late = await takeLock(context, context.store)
      await context.options.loseLock?.(context.store)
      const { release } = await takeLock(context, other)
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
      const late = await takeLock(context, context.store)
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
