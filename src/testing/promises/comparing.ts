import type { TokenJSON } from '../../index.js'
import { check, checkSame } from '../assert.js'
import { madeUp } from '../made-up.js'
import type { Place, Promised } from '../place.js'

/** Writes upon what is no longer there: it must be refused, and change nothing. */
async function checkRefused(place: Place, tokens: TokenJSON | undefined, replacing: TokenJSON | undefined): Promise<void> {
  const before = await place.read()
  const stands = await place.replace(tokens, replacing)
  check(!stands, 'the write was not refused: write returned something else than false')
  checkSame(await place.read(), before, 'what is read after the refusal')
}

const rounds = 5
const contenders = 10

export const comparing: readonly Promised[] = [
  {
    promise: 'mode replace stands upon the set that it replaces',
    async test(place) {
      await place.set(madeUp(0, { expires_on: '1569281808', nested: { list: [1] } }))
      for (let n = 1; n <= 3; n++) {
        const stands = await place.replace(madeUp(n, { nested: { n } }), await place.read())
        check(stands, 'the write was refused: write returned false')
        checkSame(await place.read(), madeUp(n, { nested: { n } }), 'what is read')
      }
    },
  },
  {
    promise: 'mode replace is refused when another set is there, and leaves that',
    needs: ['compare'],
    async test(place) {
      await place.set(madeUp(1))
      const replacing = await place.read()
      await place.set(madeUp(2), await place.another())
      await checkRefused(place, madeUp(3), replacing)
    },
  },
  {
    promise: 'a set whose access token alone, or whose refresh token alone, is another is another set',
    needs: ['compare'],
    async test(place) {
      await place.set(madeUp(1))
      const replacing = await place.read()
      const { access_token, refresh_token } = madeUp(2)
      for (const different of [{ access_token }, { refresh_token }]) {
        await place.set(madeUp(1, different))
        await checkRefused(place, madeUp(3), replacing)
      }
    },
  },
  {
    promise: 'mode replace upon nothing stands when there is nothing',
    async test(place) {
      check(await place.replace(madeUp(1), undefined), 'the write was refused: write returned false')
      checkSame(await place.read(), madeUp(1), 'what is read')
    },
  },
  {
    promise: 'mode replace upon nothing is refused when there is a set',
    needs: ['compare'],
    async test(place) {
      await place.set(madeUp(1))
      await checkRefused(place, madeUp(2), undefined)
    },
  },
  {
    promise: 'mode replace is refused when the set was deleted: nobody is signed in again by a late save',
    needs: ['compare'],
    async test(place) {
      await place.set(madeUp(1))
      const replacing = await place.read()
      await place.set(undefined, await place.another())
      await checkRefused(place, madeUp(2), replacing)
    },
  },
  {
    promise: 'deleting in mode replace deletes the set that it replaces',
    async test(place) {
      await place.set(madeUp(1))
      check(await place.replace(undefined, await place.read()), 'deleting was refused: write returned false')
      checkSame(await place.read(), undefined, 'what is read')
    },
  },
  {
    promise: 'deleting in mode replace is refused when another set is there, and leaves that',
    needs: ['compare'],
    async test(place) {
      await place.set(madeUp(1))
      const replacing = await place.read()
      await place.set(madeUp(2), await place.another())
      await checkRefused(place, undefined, replacing)
    },
  },
  {
    promise: 'of several that replace the same set at the same time, one stands and the others are refused',
    needs: ['atomic-compare'],
    async test(place) {
      const stores = [place.store, await place.another()]
      await place.set(madeUp(0))
      for (let round = 0; round < rounds; round++) {
        // In one round there is nothing to begin with.
        if (round === 1) await place.set(undefined)
        const replacing = await place.read()
        const sets = Array.from({ length: contenders }, (_, i) => madeUp(1 + round * contenders + i))
        place.waitingFor = 'several that replace the same set'
        const stand = await Promise.all(sets.map((tokens, i) => place.replace(tokens, replacing, stores[i % 2])))
        const standing = sets.filter((_, i) => stand[i])
        check(standing.length === 1, `${standing.length} of ${contenders} were told that their write stands`)
        checkSame(await place.read(), standing[0], 'what is read')
      }
    },
  },
]
