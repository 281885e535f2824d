import type { TokenStore } from '../index.js'
import { check, show } from './assert.js'
import type { CaseContext } from './case-context.js'
import { gate } from './time.js'

/** Takes the lock and keeps it until `release` is called. Resolves when it has the lock. */
export async function takeLock(
  context: CaseContext,
  store: TokenStore,
): Promise<{ lost: AbortSignal | undefined; release: () => Promise<unknown> }> {
  const taken = gate()
  const end = gate()
  let signal: AbortSignal | undefined
  const holding = context.lock(
    async (lost) => {
      signal = lost
      taken.open()
      await end.opened
    },
    { store },
  )
  context.atTheEnd.push(end.open)
  await context.soon(Promise.race([taken.opened, holding]), 'the lock')
  return { lost: signal, release: () => (end.open(), context.soon(holding, 'the lock to be given back')) }
}

/** Takes the lock once. The message at the time limit names `what`. */
export async function checkFree(context: CaseContext, store: TokenStore, what: string): Promise<void> {
  const seen = await context.soon(
    context.lock(async () => 'inside', { store }),
    what,
  )
  check(seen === 'inside', `lock resolved with ${show(seen)} instead of what run resolved with`)
}
