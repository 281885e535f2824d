import { check, isSame } from '../assert.js'
import { tokenSet } from '../token-sets.js'
import type { Requirement } from '../case-context.js'
import { pause } from '../time.js'

export const notifying: readonly Requirement[] = [
  {
    promise: 'a listener is called after another store object has written, and finds what was written',
    needs: ['subscribe', 'another'],
    async test(context) {
      const other = await context.another()
      let calls = 0
      let found: unknown
      context.subscribe(() => {
        calls++
        void context.read().then((tokens) => (found = tokens))
      })
      for (let n = 1; n <= 2; n++) {
        calls = 0
        await context.set(tokenSet(n), other)
        await context.until(() => calls > 0, `a listener to be called after the ${n === 1 ? 'first' : 'second'} write elsewhere`)
        await context.until(() => isSame(tokenSet(n), found), 'a listener that reads to find what was written')
      }
    },
  },
  {
    promise: 'a listener is called after another store object has deleted the set, and finds nothing',
    needs: ['subscribe', 'another'],
    async test(context) {
      const other = await context.another()
      await context.set(tokenSet(1))
      let calls = 0
      let found: unknown = 'not called'
      context.subscribe(() => {
        calls++
        void context.read().then((tokens) => (found = tokens))
      })
      await context.set(undefined, other)
      await context.until(() => calls > 0, 'a listener to be called after the set was deleted elsewhere')
      await context.until(() => found === undefined, 'a listener that reads to find nothing')
    },
  },
  {
    promise: 'every listener of a store object is called',
    needs: ['subscribe', 'another'],
    async test(context) {
      const calls = [0, 0, 0]
      for (const i of calls.keys()) context.subscribe(() => void (calls[i] = (calls[i] ?? 0) + 1))
      await context.set(tokenSet(1), await context.another())
      await context.until(() => calls.every((n) => n > 0), 'each of three listeners to be called')
    },
  },
  {
    promise: 'a listener is not called after its undo, and the others still are',
    needs: ['subscribe', 'another'],
    async test(context) {
      const other = await context.another()
      const calls = { gone: 0, staying: 0 }
      const undo = context.subscribe(() => calls.gone++)
      context.subscribe(() => calls.staying++)
      await context.set(tokenSet(1), other)
      await context.until(() => calls.gone > 0 && calls.staying > 0, 'both listeners to be called')
      undo()
      calls.gone = calls.staying = 0
      await context.set(tokenSet(2), other)
      await context.until(() => calls.staying > 0, 'the listener that stayed to be called')
      // The other listener was called for the same change, so this one would have been, too.
      await pause(20)
      check(calls.gone === 0, 'a listener was called after its undo')
    },
  },
  {
    promise: 'an undo can be called twice, and removes its own listener only',
    needs: ['subscribe', 'another'],
    async test(context) {
      let calls = 0
      const listener = (): void => void calls++
      const undo = context.subscribe(listener)
      undo()
      context.subscribe(listener)
      undo()
      await context.set(tokenSet(1), await context.another())
      await context.until(
        () => calls > 0,
        'a listener that was subscribed again, after the undo of the first time was called twice',
      )
    },
  },
  {
    promise: 'a listener that throws affects neither the other listeners nor the writer',
    needs: ['subscribe', 'another'],
    async test(context) {
      const other = await context.another()
      let thrown = 0
      let calls = 0
      context.subscribe(() => {
        thrown++
        throw new Error('made-up failure of a listener')
      })
      context.subscribe(() => calls++)
      for (let n = 1; n <= 2; n++) {
        thrown = calls = 0
        check((await context.set(tokenSet(n), other)) !== false, 'the write was refused')
        check(isSame(tokenSet(n), await context.read(other)), 'what was written is not there')
        await context.until(() => thrown > 0, 'the listener that throws to be called')
        await context.until(() => calls > 0, 'the listener after one that throws to be called')
      }
    },
  },
]
