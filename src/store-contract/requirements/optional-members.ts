import type { TokenStore } from '../../index.js'
import { check, checkSame, show } from '../assert.js'
import type { Requirement } from '../case-context.js'
import { pause } from '../time.js'
import { tokenSet } from '../token-sets.js'

const READS = 10

const isObject = (value: unknown): boolean => (typeof value === 'object' && value !== null) || typeof value === 'function'

/** Names the members of a place; connections and other objects have no text. */
const describePlace = ({ place }: TokenStore): string =>
  place ? show(place.map((part) => (isObject(part) ? 'an object' : String(part)))) : 'undefined'

/** The members of a store beside `read` and `write` that need no other ability. */
export const optionalMembers: readonly Requirement[] = [
  {
    promise: 'checkWritable, if there is one, resolves while the place can be written, and never changes the stored set',
    async test(context) {
      const { store } = context
      const other = await context.another()
      for (const tokens of [undefined, tokenSet(1)]) {
        await context.set(tokens)
        let isOver = false
        const over = (): void => void (isOver = true)
        context.atTheEnd.push(over)
        context.waitingFor = 'checkWritable'
        const checked = Promise.resolve(store.checkWritable?.(tokens))
        checked.then(over, over)
        while (!isOver) {
          for (let n = 0; n < READS; n++) checkSame(await context.read(other), tokens, 'what is read during checkWritable')
          await pause(0)
        }
        await checked
        checkSame(await context.read(), tokens, 'what is read after checkWritable')
      }
    },
  },
  {
    promise: 'the place, if there is one, is the same for every store object of the place',
    needs: ['another'],
    async test(context) {
      const other = await context.another()
      const [one = [], another = []] = [context.store.place, other.place]
      // Store objects with connections of their own differ in these.
      const isEqual =
        one.length === another.length && one.every((part, i) => part === another[i] || (isObject(part) && isObject(another[i])))
      check(isEqual, `the places are ${describePlace(context.store)} and ${describePlace(other)}`)
    },
  },
  {
    promise: 'the place, if there is one, differs from that of a store of another place',
    needs: ['elsewhere'],
    async test(context) {
      const { place } = context.store
      const elsewhere = await context.elsewhere()
      const isEqual =
        place !== undefined && place.length === elsewhere.place?.length && place.every((part, i) => part === elsewhere.place?.[i])
      check(!isEqual, `both places are ${describePlace(context.store)}`)
    },
  },
]
