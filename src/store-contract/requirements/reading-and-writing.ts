import type { TokenJSON } from '../../index.js'
import { check, checkSame, isSame, rejectionOf, show } from '../assert.js'
import { tokenSet } from '../token-sets.js'
import type { CaseContext, Requirement } from '../case-context.js'

/** Writes `tokens` and reads them, also through another store object if there is one. */
async function checkKept(context: CaseContext, tokens: TokenJSON): Promise<void> {
  await context.set(tokens)
  checkSame(await context.read(), tokens, 'what is read')
  checkSame(await context.read(await context.another()), tokens, 'what another store object reads')
}

/** A token set of about 100 KB, as one with many claims and roles is. */
const big = (n: number): TokenJSON =>
  tokenSet(n, { filler: Array.from({ length: 1000 }, (_, i) => `${n}-${i}-${'x'.repeat(90)}`) })

export const readingAndWriting: readonly Requirement[] = [
  {
    promise: 'the name, if there is one, is a text without a token',
    async test(context) {
      const { store } = context
      const tokens = tokenSet(1)
      await context.set(tokens)
      await context.read()
      const { name } = store
      check(name === undefined || (typeof name === 'string' && name !== ''), `the name is ${show(name)}`)
      for (const token of [tokens.access_token, tokens.refresh_token])
        check(!name?.includes(String(token)), `the name holds the token ${String(token)}`)
    },
  },
  {
    promise: 'an empty place reads as undefined or null',
    async test(context) {
      const seen = await context.store.read()
      check(seen === undefined || seen === null, `it reads as ${show(seen)}`)
    },
  },
  {
    promise: 'a written set is there as soon as the write has resolved',
    async test(context) {
      const other = await context.another()
      for (let n = 1; n <= 5; n++) {
        await context.set(tokenSet(n))
        checkSame(await context.read(other), tokenSet(n), 'what is read right after the write')
      }
    },
  },
  {
    promise: 'unknown members and nested values are kept',
    test: (context) =>
      checkKept(
        context,
        tokenSet(1, {
          'https://example.com/roles': ['reader', 'writer', []],
          account: { id: 'made-up', homes: [{ tenant: 'one', flags: { admin: false, none: null } }, {}] },
          empty: '',
          nothing: null,
          yes: true,
        }),
      ),
  },
  {
    promise: 'the member id_token is kept: a user is recognized by it, and a sign-out needs it',
    test: (context) => checkKept(context, tokenSet(1, { id_token: 'made-up-header.made-up-claims.made-up-signature' })),
  },
  {
    promise: 'the member axios-attach-oauth is kept: it identifies the sign-in',
    test: (context) =>
      checkKept(context, tokenSet(1, { 'axios-attach-oauth': { sign_in: 'made-up-sign-in', user: 'made-up-user' } })),
  },
  {
    promise: 'a number stays a number, and a text of digits a text',
    test: (context) =>
      checkKept(
        context,
        tokenSet(1, {
          expires_in: '3600',
          expires_on: '1569281808',
          ext_expires_in: 3600,
          refresh_in: 1799.5,
          zero: 0,
          minus: -1,
        }),
      ),
  },
  {
    promise: 'text of every script is kept as it is',
    test: (context) =>
      checkKept(
        context,
        tokenSet(1, { name: 'Zoë Ångström, Zoe\u0308, 王小明, علي, 👩‍👩‍👧', odd: '"\\/\b\n\r\t\u2028</script>%00$1\'' }),
      ),
  },
  {
    promise: 'a set of 100 KB is kept whole',
    test: (context) => checkKept(context, big(1)),
  },
  {
    promise: 'a write replaces the whole set: no member of the old one stays',
    async test(context) {
      await context.set(tokenSet(1, { id_token: 'made-up-id', nested: { old: true } }))
      await checkKept(context, { access_token: 'made-up-access-2', nested: {} })
    },
  },
  {
    promise: 'another store object over the same place sees what was written, and the other way round',
    needs: ['another'],
    async test(context) {
      const other = await context.another()
      checkSame(await context.read(other), undefined, 'what another store object reads of the empty place')
      await context.set(tokenSet(1))
      checkSame(await context.read(other), tokenSet(1), 'what another store object reads')
      await context.set(tokenSet(2), other)
      checkSame(await context.read(), tokenSet(2), 'what the first store object reads')
    },
  },
  {
    promise: 'writing undefined deletes, also when there is nothing',
    async test(context) {
      const other = await context.another()
      const remove = async (): Promise<void> => {
        const result = await context.set(undefined)
        // A store that returns whether anything was deleted, as Map.delete does, would refuse by mistake.
        check(result !== false, 'write(undefined) returned false, which says that it was refused')
        for (const store of [context.store, other])
          checkSame(await context.read(store), undefined, 'what is read after write(undefined)')
      }
      await remove()
      await context.set(tokenSet(1))
      await remove()
      await remove()
    },
  },
  {
    promise: 'changing a set that was read changes nothing in the store',
    async test(context) {
      await context.set(tokenSet(1, { nested: { list: [1] } }))
      const read = (await context.read()) as TokenJSON & { nested: { list: number[] } }
      read.access_token = 'made-up-changed'
      read.nested.list.push(2)
      checkSame(await context.read(), tokenSet(1, { nested: { list: [1] } }), 'what is read after the change')
    },
  },
  {
    promise: 'changing a set after it was written changes nothing in the store',
    async test(context) {
      const written = tokenSet(1, { nested: { list: [1] } })
      await context.set(written)
      written.access_token = 'made-up-changed'
      ;(written.nested as { list: number[] }).list.push(2)
      checkSame(await context.read(), tokenSet(1, { nested: { list: [1] } }), 'what is read after the change')
    },
  },
  {
    promise: 'mode set overwrites any content',
    async test(context) {
      const stale = tokenSet(9)
      for (const [n, replacing] of [undefined, stale, undefined, stale].entries()) {
        const tokens = n === 2 ? undefined : tokenSet(n)
        const result = await context.store.write(tokens, { mode: 'set', replacing })
        check(result !== false, 'it refused, by returning false, to write in the mode set')
        checkSame(await context.read(), tokens, 'what is read after a write in the mode set')
      }
    },
  },
  {
    promise: 'concurrent writes leave one set, whole, and concurrent reads find one set, whole',
    async test(context) {
      const stores = [context.store, await context.another()]
      const sets = Array.from({ length: 12 }, (_, n) => big(n))
      const whole = (seen: TokenJSON | undefined): boolean => sets.some((tokens) => isSame(tokens, seen))
      await context.set(sets[0])
      const writes = sets.map((tokens, n) => context.set(tokens, stores[n % 2]))
      const reads = sets.map((_, n) => context.read(stores[n % 2]))
      context.waitingFor = 'writes and reads at the same time'
      for (const seen of await Promise.all(reads)) check(whole(seen), `meanwhile it read as ${show(seen)}`)
      await Promise.all(writes)
      const [left, leftThere] = await Promise.all(stores.map((store) => context.read(store)))
      check(whole(left), `it reads as ${show(left)}`)
      checkSame(leftThere, left, 'what another store object reads')
    },
  },
  {
    promise: 'stores of different places do not affect each other',
    needs: ['elsewhere'],
    async test(context) {
      const elsewhere = await context.elsewhere()
      await context.set(tokenSet(1))
      checkSame(await context.read(elsewhere), undefined, 'what the store of another place reads')
      await context.set(tokenSet(2), elsewhere)
      checkSame(await context.read(), tokenSet(1), 'what is read after a write to another place')
      await context.set(undefined, elsewhere)
      checkSame(await context.read(), tokenSet(1), 'what is read after deleting in another place')
    },
  },
  {
    promise: 'unreadable content is an error that does not quote it, and the content stays',
    needs: ['corrupt'],
    async test(context) {
      const secret = 'made-up-access-in-garbage'
      await context.set(tokenSet(1))
      await context.options.corrupt?.(`{"access_token":"${secret}","refresh_tok`)
      const error = (await rejectionOf(context.read(), 'reading garbage')) as Error | undefined
      for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
        check(!`${cause.message}${cause.stack}${JSON.stringify(cause)}`.includes(secret), 'the error quotes the stored text')
      // A save that was decided earlier must not overwrite it, by refusing or by an error.
      await context.replace(tokenSet(2), tokenSet(1)).catch(() => undefined)
      await rejectionOf(context.read(), 'reading garbage again, after a write in the mode replace,')
      await context.set(tokenSet(3))
      checkSame(await context.read(), tokenSet(3), 'what is read after a write in the mode set')
    },
  },
]
