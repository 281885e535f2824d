import { check, isSame } from '../assert.js'
import { madeUp } from '../made-up.js'
import type { Promised } from '../place.js'
import { pause } from '../time.js'

export const notifying: readonly Promised[] = [
  {
    promise: 'a listener is called after another store object has written, and finds what was written',
    needs: ['subscribe', 'another'],
    async test(place) {
      const other = await place.another()
      let calls = 0
      let found: unknown
      place.subscribe(() => {
        calls++
        void place.read().then((tokens) => (found = tokens))
      })
      for (let n = 1; n <= 2; n++) {
        calls = 0
        await place.set(madeUp(n), other)
        await place.until(() => calls > 0, `a listener to be called after the ${n === 1 ? 'first' : 'second'} write elsewhere`)
        await place.until(() => isSame(madeUp(n), found), 'a listener that reads to find what was written')
      }
    },
  },
  {
    promise: 'a listener is called after another store object has deleted the set, and finds nothing',
    needs: ['subscribe', 'another'],
    async test(place) {
      const other = await place.another()
      await place.set(madeUp(1))
      let calls = 0
      let found: unknown = 'not called'
      place.subscribe(() => {
        calls++
        void place.read().then((tokens) => (found = tokens))
      })
      await place.set(undefined, other)
      await place.until(() => calls > 0, 'a listener to be called after the set was deleted elsewhere')
      await place.until(() => found === undefined, 'a listener that reads to find nothing')
    },
  },
  {
    promise: 'every listener of a store object is called',
    needs: ['subscribe', 'another'],
    async test(place) {
      const calls = [0, 0, 0]
      for (const i of calls.keys()) place.subscribe(() => void (calls[i] = (calls[i] ?? 0) + 1))
      await place.set(madeUp(1), await place.another())
      await place.until(() => calls.every((n) => n > 0), 'each of three listeners to be called')
    },
  },
  {
    promise: 'a listener is not called after its undo, and the others still are',
    needs: ['subscribe', 'another'],
    async test(place) {
      const other = await place.another()
      const calls = { gone: 0, staying: 0 }
      const undo = place.subscribe(() => calls.gone++)
      place.subscribe(() => calls.staying++)
      await place.set(madeUp(1), other)
      await place.until(() => calls.gone > 0 && calls.staying > 0, 'both listeners to be called')
      undo()
      calls.gone = calls.staying = 0
      await place.set(madeUp(2), other)
      await place.until(() => calls.staying > 0, 'the listener that stayed to be called')
      // It had the same news to expect, so by now it would have come.
      await pause(20)
      check(calls.gone === 0, 'a listener was called after its undo')
    },
  },
  {
    promise: 'an undo can be called twice, and takes back its own listener alone',
    needs: ['subscribe', 'another'],
    async test(place) {
      let calls = 0
      const listener = (): void => void calls++
      const undo = place.subscribe(listener)
      undo()
      place.subscribe(listener)
      undo()
      await place.set(madeUp(1), await place.another())
      await place.until(
        () => calls > 0,
        'a listener that was subscribed again, after the undo of the first time was called twice',
      )
    },
  },
  {
    promise: 'a listener that throws hurts neither the other listeners nor the writer',
    needs: ['subscribe', 'another'],
    async test(place) {
      const other = await place.another()
      let thrown = 0
      let calls = 0
      place.subscribe(() => {
        thrown++
        throw new Error('made-up failure of a listener')
      })
      place.subscribe(() => calls++)
      for (let n = 1; n <= 2; n++) {
        thrown = calls = 0
        check((await place.set(madeUp(n), other)) !== false, 'the write was refused')
        check(isSame(madeUp(n), await place.read(other)), 'what was written is not there')
        await place.until(() => thrown > 0, 'the listener that throws to be called')
        await place.until(() => calls > 0, 'the listener after one that throws to be called')
      }
    },
  },
]
