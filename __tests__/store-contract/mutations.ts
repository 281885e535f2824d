import type { TokenJSON, TokenStore, WriteContext } from '../../src/index.js'
import type { SharedStoreDefinition } from '../../src/types.js'
import { sameTokens } from '../../src/tokens.js'
import { shareable } from '../helpers/session.js'
import { referenceStore, type Place } from './reference-store.js'

type Store = ReturnType<typeof referenceStore>

/**
 * What is wrong with a store, in place of what the reference store does. `nth` counts the store objects of a case, from 0; `first` is the place of the
 * first one, which those that don't keep places apart use.
 */
type Mutation = (good: Store, place: Place, nth: number, first: Place) => Partial<SharedStoreDefinition>

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const never = new AbortController().signal
const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
const parse = (place: Place): TokenJSON | undefined => (JSON.parse(place.text ?? 'null') as TokenJSON | null) ?? undefined

/** Writes what `change` makes of the tokens. */
const writes =
  (change: (tokens: TokenJSON) => TokenJSON): Mutation =>
  (good) => ({ write: (tokens, context) => good.write(tokens && change(tokens), context) })

/** Refuses the replacement of `replacing` by other rules than it should; what stands is written all the same. */
const compares =
  (
    refuses: (present: TokenJSON | undefined, replacing: TokenJSON | undefined, tokens: TokenJSON | undefined) => boolean,
  ): Mutation =>
  (good, place) => ({
    async write(tokens, { mode, replacing }) {
      if (mode === 'replace' && refuses(parse(place), replacing, tokens)) return false
      return good.write(tokens, { mode: 'set', replacing })
    },
  })
const moved = (present: TokenJSON | undefined, replacing: TokenJSON | undefined): boolean => !sameTokens(present, replacing)

/** Only the first reading of a store object asks the place. */
const remembers: Mutation = (good) => {
  let first: ReturnType<typeof good.read> | undefined
  return { read: () => (first ??= good.read()) }
}

/** A lock of each store object's own. */
const ownLock: Mutation = () => {
  let last: Promise<unknown> = Promise.resolve()
  return {
    lock(run) {
      const turn = last.then(() => run())
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

/** A lock that is given back as `giveBack` says. */
const givesBack =
  (giveBack: (free: () => void, how: 'resolved' | 'rejected' | 'threw') => void): Mutation =>
  (good) => ({
    lock: (run, signal) =>
      new Promise((resolve, reject) => {
        const held = good.lock(async (lost) => {
          await new Promise<void>((free) => {
            try {
              run(lost).then(
                (value) => (resolve(value), giveBack(free, 'resolved')),
                (error: unknown) => (reject(error as Error), giveBack(free, 'rejected')),
              )
            } catch (error) {
              reject(error as Error)
              giveBack(free, 'threw')
            }
          })
        }, signal)
        held.catch(reject)
      }),
  })

const noop = (..._ignored: unknown[]): void => undefined

/** Calls the listeners after changes for which `tells` holds, and never else. */
const tellsOf =
  (tells: (tokens: TokenJSON | undefined) => boolean): Mutation =>
  (_good, place) => ({
    write: async (tokens: TokenJSON | undefined, { mode, replacing }: WriteContext) => {
      if (mode === 'replace' && moved(parse(place), replacing)) return false
      place.text = tokens && JSON.stringify(tokens)
      if (tells(tokens)) place.tell({})
      return true
    },
  })

/** For each promise a way to break it, and what the suite then sees. */
export const mutations: Readonly<Record<string, { readonly seen: string; readonly fault: Mutation }>> = {
  // ── reading and writing ─────────────────────────────────────────────────────────────────────────
  'the name, if there is one, is a text without a token': {
    seen: 'the name holds the token made-up-access-1',
    fault: (_good, place) => ({
      get name() {
        return `record ${place.text}`
      },
    }),
  },
  'an empty place reads as undefined or null': {
    seen: 'it reads as {}',
    fault: (good) => ({ read: async () => (await good.read()) ?? {} }),
  },
  'a written set is there as soon as the write has resolved': {
    seen: 'what is read right after the write is undefined',
    fault: (good) => ({
      write: (tokens, context) => void setTimeout(() => void good.write(tokens, context), 5),
    }),
  },
  'unknown members and nested values are kept': {
    seen: 'what is read.https://example.com/roles is undefined instead of ["reader","writer",[]]',
    fault: writes(({ access_token, refresh_token, token_type, expires_in, expires_at }) => ({
      access_token,
      refresh_token,
      token_type,
      expires_in,
      expires_at,
    })),
  },
  'the member id_token is kept: a user is recognized by it, and a sign-out needs it': {
    seen: 'what is read.id_token is undefined instead of "made-up-header.made-up-claims.made-up-signature"',
    fault: writes(({ id_token, ...tokens }) => (noop(id_token), tokens)),
  },
  'the member axios-attach-oauth is kept: it identifies the sign-in': {
    seen: 'what is read.axios-attach-oauth is undefined instead of {"sign_in":"made-up-sign-in","user":"made-up-user"}',
    fault: writes(({ 'axios-attach-oauth': dropped, ...tokens }) => (noop(dropped), tokens)),
  },
  'a number stays a number, and a text of digits a text': {
    seen: 'what is read.expires_in is 3600 instead of "3600"',
    fault: writes((tokens) => ({
      ...tokens,
      expires_in: Number(tokens.expires_in),
    })),
  },
  'text of every script is kept as it is': {
    seen: 'what is read.name',
    fault: writes((tokens) => JSON.parse(Buffer.from(JSON.stringify(tokens)).toString('latin1')) as TokenJSON),
  },
  'a set of 100 KB is kept whole': {
    seen: 'what is read.access_token is undefined instead of "made-up-access-1"',
    fault: (good) => ({
      write: (tokens, context) => good.write(tokens && JSON.stringify(tokens).length > 65_535 ? {} : tokens, context),
    }),
  },
  'a write replaces the whole set: no member of the old one stays': {
    seen: 'what is read.refresh_token is "made-up-refresh-1" instead of undefined',
    fault: (good, place) => ({
      write: (tokens, context) => good.write(tokens && { ...parse(place), ...tokens }, context),
    }),
  },
  'another store object over the same place sees what was written, and the other way round': {
    seen: 'what another store object reads is undefined',
    fault: () => {
      let own: string | undefined
      return { read: () => JSON.parse(own ?? 'null'), write: (tokens) => void (own = tokens && JSON.stringify(tokens)) }
    },
  },
  'writing undefined deletes, also when there is nothing': {
    seen: 'write(undefined) returned false, which says that it was refused',
    fault: (good, place) => ({
      // As `Map.delete` does: it tells whether there was anything.
      write: async (tokens, context) =>
        tokens ? good.write(tokens, context) : place.text !== undefined && good.write(undefined, context),
    }),
  },
  'changing a set that was read changes nothing in the store': {
    seen: 'what is read after the change.access_token is "made-up-changed" instead of "made-up-access-1"',
    fault: (good) => {
      const seen = new Map<string, TokenJSON>()
      return {
        async read() {
          const tokens = await good.read()
          if (!tokens) return undefined
          const key = String(tokens.access_token)
          return seen.get(key) ?? (seen.set(key, tokens), tokens)
        },
      }
    },
  },
  'changing a set after it was written changes nothing in the store': {
    seen: 'what is read after the change.access_token is "made-up-changed" instead of "made-up-access-1"',
    fault: () => {
      let own: TokenJSON | undefined
      return { read: () => own && structuredClone(own), write: (tokens) => void (own = tokens) }
    },
  },
  'mode set overwrites any content': {
    seen: 'it refused, by returning false, to write in the mode set',
    fault: (good) => ({
      write: (tokens, { replacing }) => good.write(tokens, { replacing, mode: 'replace' }),
    }),
  },
  'concurrent writes leave one set, whole, and concurrent reads find one set, whole': {
    seen: 'the store failed with SyntaxError',
    fault: (good, place) => ({
      async write(tokens, context) {
        const text = tokens && JSON.stringify(tokens)
        place.text = text?.slice(0, 50_000)
        await pause(1)
        return good.write(tokens, context)
      },
    }),
  },
  'stores of different places do not affect each other': {
    seen: 'what the store of another place reads',
    fault: (_good, _place, _nth, first) => ({
      read: () => JSON.parse(first.text ?? 'null'),
      write: (tokens) => void (first.text = tokens && JSON.stringify(tokens)),
    }),
  },
  'unreadable content is an error that does not quote it, and the content stays': {
    seen: 'the error quotes the stored text',
    fault: (good, place) => ({
      async read() {
        try {
          return await good.read()
        } catch {
          throw new Error(`no JSON: ${place.text}`)
        }
      },
    }),
  },
  'checkWritable, if there is one, resolves while the place can be written, and never changes the stored set': {
    seen: 'what is read during checkWritable is {"access_token":"made-up-probe"} instead of undefined',
    fault: (good) => ({
      async checkWritable(tokens) {
        await good.write({ access_token: 'made-up-probe' }, { mode: 'set', replacing: tokens })
        await pause(1)
        await good.write(tokens, { mode: 'set', replacing: undefined })
      },
    }),
  },
  'the place, if there is one, is the same for every store object of the place': {
    seen: 'the places are ["record","0"] and ["record","1"]',
    fault: (_good, _place, nth) => ({ place: ['record', nth] }),
  },
  'the place, if there is one, differs from that of a store of another place': {
    seen: 'both places are ["record"]',
    fault: () => ({ place: ['record'] }),
  },
  // ── comparing ───────────────────────────────────────────────────────────────────────────────────
  'mode replace is accepted while the store holds the replaced set': {
    seen: 'the write was refused: write returned false',
    fault: compares(() => true),
  },
  'mode replace is refused when the store holds another set, which stays': {
    seen: 'the write was not refused: write did not return false',
    fault: compares(() => false),
  },
  'a set that differs in one of its two tokens is another set': {
    seen: 'the write was not refused: write did not return false',
    fault: compares((present, replacing) => present?.access_token !== replacing?.access_token),
  },
  'mode replace of an empty place is accepted while it is empty': {
    seen: 'the write was refused: write returned false',
    fault: compares((present) => present === undefined),
  },
  'mode replace of an empty place is refused when it holds a set': {
    seen: 'the write was not refused: write did not return false',
    fault: compares((present, replacing) => replacing !== undefined && moved(present, replacing)),
  },
  'mode replace is refused when the set was deleted: a late save does not undo a sign-out': {
    seen: 'the write was not refused: write did not return false',
    fault: compares((present, replacing) => present !== undefined && moved(present, replacing)),
  },
  'deleting in mode replace deletes the set that it replaces': {
    seen: 'deleting was refused: write returned false',
    fault: compares((present, replacing, tokens) => tokens === undefined || moved(present, replacing)),
  },
  'deleting in mode replace is refused when the store holds another set, which stays': {
    seen: 'the write was not refused: write did not return false',
    fault: compares((present, replacing, tokens) => tokens !== undefined && moved(present, replacing)),
  },
  'of several concurrent replacements of one set, one is accepted and the others are refused': {
    seen: '10 of 10 concurrent writes were accepted',
    fault: (good, place) => ({
      async write(tokens, { mode, replacing }) {
        if (mode === 'replace' && moved(parse(place), replacing)) return false
        await pause(1)
        return good.write(tokens, { mode: 'set', replacing })
      },
    }),
  },
  // ── locking ─────────────────────────────────────────────────────────────────────────────────────
  'the lock admits one run at a time': {
    seen: '8 were inside at the same time',
    fault: (good) => {
      let inside = 0
      // The store object that has the lock takes it again at will.
      return {
        lock: (run, signal) =>
          inside > 0
            ? run()
            : good.lock(async (lost) => {
                inside++
                return run(lost).finally(() => inside--)
              }, signal),
      }
    },
  },
  'the lock admits one run at a time across all store objects of the place': {
    seen: '2 were inside at the same time',
    fault: ownLock,
  },
  'lock resolves with what run resolves with': {
    seen: 'it resolved with undefined',
    fault: (good) => ({
      lock: async (run, signal) => (await good.lock(run, signal), undefined as never),
    }),
  },
  'lock rejects with what run rejects with, and is free then': {
    seen: 'for the lock, after a run that rejected, in vain',
    fault: givesBack((free, how) => how !== 'rejected' && free()),
  },
  'lock rejects with what run throws synchronously, and is free then': {
    seen: 'for the lock, after a run that threw, in vain',
    fault: givesBack((free, how) => how !== 'threw' && free()),
  },
  'the lock can be taken again as soon as it was given back': {
    seen: 'for the lock, just given back, in vain',
    fault: givesBack((free) => void setTimeout(free, 60_000).unref()),
  },
  'reading and writing work under the lock': {
    seen: 'for reading and writing under the lock, in vain',
    fault: (good) => ({
      write: (tokens, context) => good.lock(() => Promise.resolve(good.write(tokens, context)), never),
    }),
  },
  'reading, signing in and signing out do not wait for the lock': {
    seen: 'for reading and writing while another store has the lock, in vain',
    fault: (good, place, nth) => ({
      async write(tokens, context) {
        while (nth > 0 && place.holder) await place.change()
        return good.write(tokens, context)
      },
    }),
  },
  'a waiter rejects with the reason of its signal as soon as that is aborted, and runs nothing': {
    seen: 'for an aborted waiter to reject, in vain',
    fault: (good) => ({
      lock(run, signal) {
        signal.throwIfAborted()
        return good.lock(run, never)
      },
    }),
  },
  'with a signal that is aborted already, lock rejects with its reason and runs nothing': {
    seen: 'a lock with an aborted signal resolved with true instead of rejecting',
    fault: (good) => ({
      lock: (run, signal) => good.lock(run, signal.aborted ? never : signal),
    }),
  },
  'a waiter that leaves does not disturb the waiters before and after it': {
    seen: 'a waiter ran while another store had the lock',
    fault: (good, place) => ({
      lock(run, signal) {
        // A waiter that leaves releases another holder’s lock.
        signal.addEventListener('abort', () => place.free(place.holder))
        return good.lock(run, signal)
      },
    }),
  },
  'an abort after the lock was taken does not end it': {
    seen: 'another store got the lock while run was under way',
    fault: (good) => ({
      lock: (run, signal) => good.lock((lost) => Promise.race([run(lost), rejectedBy(signal)]), signal),
    }),
  },
  'a live holder keeps the lock, and its signal is not aborted': {
    seen: 'another store got the lock of a live holder',
    fault: (good, place) => ({
      // A lease that nobody renews.
      lock: (run, signal) =>
        good.lock((lost) => {
          const mine = place.holder
          setTimeout(() => place.free(mine), 20)
          return run(lost)
        }, signal),
    }),
  },
  'the locks of different places are different locks': {
    seen: 'for the lock of another place, in vain',
    fault: (_good, _place, _nth, first) => ({ lock: referenceStore(first).lock }),
  },
  'the lock of a holder that has died becomes free without help': {
    seen: 'for the lock of a holder that has died, in vain',
    fault: (good, place) => ({
      async lock(run, signal) {
        while (place.holder) await Promise.race([place.change(), rejectedBy(signal)])
        return good.lock(run, signal)
      },
    }),
  },
  'the signal of a holder that has lost the lock is aborted': {
    seen: 'for the signal of the holder to be aborted, in vain',
    fault: (good) => ({
      lock: (run, signal) => good.lock(() => run(never), signal),
    }),
  },
  'a lost lock can be taken, and a late release by the former holder does not free it': {
    seen: 'a third one got the lock while the second one had it',
    fault: (good, place) => ({
      lock: (run, signal) => good.lock(run, signal).finally(() => place.free(place.holder)),
    }),
  },
  'a late holder’s write in mode replace is refused when the store has changed': {
    seen: 'the late write was not refused',
    fault: (good, _place, nth) => ({
      write: (tokens, context) => good.write(tokens, nth === 0 ? { ...context, mode: 'set' } : context),
    }),
  },
  // ── notifying ───────────────────────────────────────────────────────────────────────────────────
  'a listener is called after another store object has written, and finds what was written': {
    seen: 'for a listener to be called after the first write elsewhere, in vain',
    fault: tellsOf((tokens) => tokens === undefined),
  },
  'a listener is called after another store object has deleted the set, and finds nothing': {
    seen: 'for a listener to be called after the set was deleted elsewhere, in vain',
    fault: tellsOf((tokens) => tokens !== undefined),
  },
  'every listener of a store object is called': {
    seen: 'for each of three listeners to be called, in vain',
    fault: (good) => {
      let undo = noop
      return { subscribe: (listener) => (undo(), (undo = good.subscribe(listener))) }
    },
  },
  'a listener is not called after its undo, and the others still are': {
    seen: 'a listener was called after its undo',
    fault: (good) => ({
      subscribe: (listener) => (good.subscribe(listener), noop),
    }),
  },
  'an undo can be called twice, and removes its own listener only': {
    seen: 'for a listener that was subscribed again, after the undo of the first time was called twice, in vain',
    fault: (good) => {
      const undos = new Map<() => void, () => void>()
      return {
        subscribe: (listener) => (undos.set(listener, good.subscribe(listener)), () => undos.get(listener)?.()),
      }
    },
  },
  'a listener that throws affects neither the other listeners nor the writer': {
    seen: 'for the listener after one that throws to be called, in vain',
    fault: (good) => {
      const listeners = new Set<() => void>()
      good.subscribe(() => listeners.forEach((call) => call()))
      return { subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)) }
    },
  },
  // ── with sessions ───────────────────────────────────────────────────────────────────────────────
  'a session redeems each refresh token once for any number of requests, and the newest set is stored': {
    seen: 'the store does not hold the newest set',
    fault: (good) => ({
      write: (tokens, context) => (context.mode === 'replace' ? true : good.write(tokens, context)),
    }),
  },
  'two sessions redeem each refresh token once between them, and the newest set is stored': {
    seen: 'a refresh token was sent twice',
    fault: ownLock,
  },
  'a sign-out in one session is seen by another when it needs a new token': {
    seen: 'a request of the other session resolved with',
    fault: remembers,
  },
  'a sign-out in one session is seen by another without a request': {
    seen: 'for the other session to be signed out, in vain',
    fault: () => ({ subscribe: () => noop }),
  },
  'a sign-in in one session is seen by another that was signed out, at its next request': {
    seen: 'a request of the other session was refused',
    fault: remembers,
  },
  'a sign-out in one session is final also while another refreshes': {
    seen: 'a request of the session that was refreshing',
    fault: (good, place, nth, first) => ({
      ...remembers(good, place, nth, first),
      write: (tokens, context) => good.write(tokens, { ...context, mode: 'set' }),
    }),
  },
}

/** The reference store with one fault. `first` is the place of the first store of the case. */
export function brokenStore(promise: string, place: Place, nth: number, first: Place): TokenStore {
  const good = referenceStore(place)
  const fault = mutations[promise]?.fault(good, place, nth, first)
  const faults = Object.getOwnPropertyDescriptors(fault ?? {})
  const store = shareable(Object.defineProperties({ ...good }, faults))
  return faults.name ? Object.defineProperty(store, 'name', faults.name) : store
}
