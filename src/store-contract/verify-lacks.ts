import type { SharedTokenStore } from '../shared.js'
import { check } from './assert.js'
import { tokenSet } from './token-sets.js'
import type { StoreNeed } from './options.js'
import type { Requirement } from './case-context.js'

/** Checks that the store lacks what `lacks` names: an ability that exists would otherwise never be tested. */
export function verifyLacks(missing: readonly StoreNeed[]): Requirement {
  return {
    promise: 'lacks names only abilities that the store does not have',
    async test(context) {
      const { store } = context
      for (const ability of ['lock', 'subscribe'] as const)
        if (missing.includes(ability))
          check(
            (store as Partial<SharedTokenStore>)[ability] === undefined,
            `it has a function ${ability}: take it out of lacks, so that it is tested`,
          )
      if (!missing.includes('compare')) return
      await context.set(tokenSet(1))
      const stands = await context.replace(tokenSet(2), tokenSet(3))
      check(stands, 'it refused to replace what it did not hold: take compare out of lacks, so that it is tested')
    },
  }
}
