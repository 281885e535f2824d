import type { TokenJSON } from '../../index.js'
import { check, checkSame } from '../assert.js'
import { tokenSet } from '../token-sets.js'
import type { CaseContext, Requirement } from '../case-context.js'

/** Replaces a set that the store no longer holds: the write must be refused and change nothing. */
async function checkRefused(
  context: CaseContext,
  tokens: TokenJSON | undefined,
  replacing: TokenJSON | undefined,
): Promise<void> {
  const before = await context.read()
  const stands = await context.replace(tokens, replacing)
  check(!stands, 'the write was not refused: write did not return false')
  checkSame(await context.read(), before, 'what is read after the refusal')
}

const rounds = 5
const contenders = 10

export const comparing: readonly Requirement[] = [
  {
    promise: 'mode replace is accepted while the store holds the replaced set',
    async test(context) {
      await context.set(tokenSet(0, { expires_on: '1569281808', nested: { list: [1] } }))
      for (let n = 1; n <= 3; n++) {
        const stands = await context.replace(tokenSet(n, { nested: { n } }), await context.read())
        check(stands, 'the write was refused: write returned false')
        checkSame(await context.read(), tokenSet(n, { nested: { n } }), 'what is read')
      }
    },
  },
  {
    promise: 'mode replace is refused when the store holds another set, which stays',
    needs: ['compare'],
    async test(context) {
      await context.set(tokenSet(1))
      const replacing = await context.read()
      await context.set(tokenSet(2), await context.another())
      await checkRefused(context, tokenSet(3), replacing)
    },
  },
  {
    promise: 'a set that differs in one of its two tokens is another set',
    needs: ['compare'],
    async test(context) {
      await context.set(tokenSet(1))
      const replacing = await context.read()
      const { access_token, refresh_token } = tokenSet(2)
      for (const different of [{ access_token }, { refresh_token }]) {
        await context.set(tokenSet(1, different))
        await checkRefused(context, tokenSet(3), replacing)
      }
    },
  },
  {
    promise: 'mode replace of an empty place is accepted while it is empty',
    async test(context) {
      check(await context.replace(tokenSet(1), undefined), 'the write was refused: write returned false')
      checkSame(await context.read(), tokenSet(1), 'what is read')
    },
  },
  {
    promise: 'mode replace of an empty place is refused when it holds a set',
    needs: ['compare'],
    async test(context) {
      await context.set(tokenSet(1))
      await checkRefused(context, tokenSet(2), undefined)
    },
  },
  {
    promise: 'mode replace is refused when the set was deleted: a late save does not undo a sign-out',
    needs: ['compare'],
    async test(context) {
      await context.set(tokenSet(1))
      const replacing = await context.read()
      await context.set(undefined, await context.another())
      await checkRefused(context, tokenSet(2), replacing)
    },
  },
  {
    promise: 'deleting in mode replace deletes the set that it replaces',
    async test(context) {
      await context.set(tokenSet(1))
      check(await context.replace(undefined, await context.read()), 'deleting was refused: write returned false')
      checkSame(await context.read(), undefined, 'what is read')
    },
  },
  {
    promise: 'deleting in mode replace is refused when the store holds another set, which stays',
    needs: ['compare'],
    async test(context) {
      await context.set(tokenSet(1))
      const replacing = await context.read()
      await context.set(tokenSet(2), await context.another())
      await checkRefused(context, undefined, replacing)
    },
  },
  {
    promise: 'of several concurrent replacements of one set, one is accepted and the others are refused',
    needs: ['atomic-compare'],
    async test(context) {
      const stores = [context.store, await context.another()]
      await context.set(tokenSet(0))
      for (let round = 0; round < rounds; round++) {
        // One round begins with an empty place.
        if (round === 1) await context.set(undefined)
        const replacing = await context.read()
        const sets = Array.from({ length: contenders }, (_, i) => tokenSet(1 + round * contenders + i))
        context.waitingFor = 'several that replace the same set'
        const results = await Promise.all(sets.map((tokens, i) => context.replace(tokens, replacing, stores[i % 2])))
        const accepted = sets.filter((_, i) => results[i])
        check(accepted.length === 1, `${accepted.length} of ${contenders} concurrent writes were accepted`)
        checkSame(await context.read(), accepted[0], 'what is read')
      }
    },
  },
]
