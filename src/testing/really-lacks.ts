import { check } from './assert.js'
import { madeUp } from './made-up.js'
import type { StoreNeed } from './options.js'
import type { Promised } from './place.js'

/** What is said to be missing and is there after all would never be put to the test: that is an error too. */
export function reallyLacks(missing: readonly StoreNeed[]): Promised {
  return {
    promise: 'lacks names only what the store can not do',
    async test(place) {
      const { store } = place
      for (const ability of ['lock', 'subscribe'] as const)
        if (missing.includes(ability))
          check(store[ability] === undefined, `it has a function ${ability}: take it out of lacks, so that it is tested`)
      if (!missing.includes('compare')) return
      await place.set(madeUp(1))
      const stands = await place.replace(madeUp(2), madeUp(3))
      check(stands, 'it refused to replace what it did not hold: take compare out of lacks, so that it is tested')
    },
  }
}
