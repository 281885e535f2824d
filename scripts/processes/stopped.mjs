// Processes over one store, of which the holder of the lock is held up at a moment that is chosen: by a slow token endpoint, or stopped (SIGSTOP) and woken later. What counts is what
// the server counted.
import { startRotatingServer } from '../servers/start.mjs'
import { startCrew } from './crew.mjs'
import { until, wait } from './waiting.mjs'

/** A crew that waits to begin with a token set that has run out, so that the first thing they do is to refresh. */
async function startIdleCrew({ store, processes, lease, server }) {
  const crew = await startCrew({ store, options: { lease }, server, task: { idle: true } })
  await crew.signIn()
  await server.configure({ lifetime: 3_600_000 })
  await crew.start(processes)
  return crew
}

/** Rejects when, within `ms`, the lock changes hands or anybody redeems a refresh token. */
async function nothingHappens({ server, crew }, ms) {
  const holder = await crew.room.holder()
  if (holder === undefined) throw new Error('Nobody holds the lock')
  const { refreshGrants } = await server.counts()
  const end = performance.now() + ms
  while (performance.now() < end) {
    if ((await crew.room.holder()) !== holder) throw new Error('Somebody else holds the lock of one who lives')
    if ((await server.counts()).refreshGrants !== refreshGrants) throw new Error('Somebody else has refreshed')
    await wait(20)
  }
}

/** What both came to. `reuses` tells clients apart by whether they were `held`, the one that was held up, and tells whose answer was ever used. */
async function figuresOf({ server, crew }, held) {
  const role = (clientId) => (clientId === held.clientId ? 'the one held up' : 'another')
  const answersOfHeld = await held.report()
  const answers = await crew.dismiss()
  const reuses = (await server.reuses()).map(({ first, again, firstEverUsed, againEverUsed }) => ({
    first: role(first),
    again: role(again),
    used: [...(firstEverUsed ? [role(first)] : []), ...(againEverUsed ? [role(again)] : [])],
  }))
  const { refreshGrants, refreshTokensReused, mostGrantsAtOnce } = await server.counts()
  const leftovers = await crew.leftovers()
  return { refreshGrants, refreshTokensReused, mostGrantsAtOnce, reuses, answers, answersOfHeld, leftovers }
}

/** Holds up the refresh for `seconds`, when the refresh token is redeemed and the answer isn't stored. */
async function holdUp({ store, seconds, processes, lease, stop }) {
  const server = await startRotatingServer({ lifetime: 1, leeway: 1000 })
  const crew = await startIdleCrew({ store, processes, lease, server })
  try {
    await server.hold('redeemed')
    crew.say('begin')
    const held = crew.clientWith(await server.heard())
    if (stop) {
      held.signal('SIGSTOP')
      await server.letGo()
    }
    await nothingHappens({ server, crew }, seconds * 1000)
    if (stop) held.signal('SIGCONT')
    else await server.letGo()
    await crew.allServed()
    return { store, seconds, ...(await figuresOf({ server, crew }, held)) }
  } finally {
    await server.stop()
    await crew.end()
  }
}

/**
 * A token endpoint that takes `seconds`: three times as long as a lease lasts. Rejects when anybody else gets the lock or refreshes meanwhile, or when somebody doesn't go on
 * afterwards. Resolves with the figures.
 */
export const runSlowRefresh = ({ store, lease = 1000, seconds = (3 * lease) / 1000, processes = 8 }) =>
  holdUp({ store, seconds, processes, lease, stop: false })

/**
 * A store whose lock a live holder never loses, stopped or not: the same with a holder that is stopped for `seconds`.
 */
export const runStopRound = ({ store, seconds = 2, processes = 8, lease = 500 }) =>
  holdUp({ store, seconds, processes, lease, stop: true })

/**
 * A store whose lock is a lease: stops the holder until its lease has run out and others have refreshed, then wakes it. `when`: it has the `lock` and has asked for nothing yet; its
 * token request was `sent`, or was `redeemed` and only the answer is missing. `forgiving`: the server answers a refresh token that comes twice; else it ends the session, and somebody
 * signs in. Rejects when somebody doesn't go on. Resolves with the figures; `kept`: what the others have stored was still there afterwards.
 */
export async function runLateHolder({ store, when, forgiving = true, processes = 8, lease = 1000 }) {
  const server = await startRotatingServer({ lifetime: 1, leeway: 1000, forgiving: Number(forgiving) })
  const crew = await startIdleCrew({ store, processes, lease, server })
  try {
    if (when === 'lock') crew.say('gate')
    else await server.hold(when)
    crew.say('begin')
    const stopped = when === 'lock' ? await crew.holder() : crew.clientWith(await server.heard())
    const before = await crew.room.inspect()
    stopped.signal('SIGSTOP')
    const others = crew.workers().filter((worker) => worker !== stopped)
    for (const other of others) other.say('go')

    let stored
    if (forgiving || when !== 'redeemed') {
      await crew.allServed(others)
      stored = await crew.room.inspect()
      if (stored.refresh_token === before.refresh_token) throw new Error('The others are served with what had run out')
    } else await until('the others are signed out', 30, () => others.every(({ events }) => events.signed_out > 0))

    if (when !== 'lock') await server.letGo()
    stopped.signal('SIGCONT')
    stopped.say('go')
    if (forgiving || when === 'lock') await crew.allServed([stopped])
    else await until('everybody is signed out', 30, () => crew.workers().every(({ events }) => events.signed_out > 0))
    const kept = (await crew.room.inspect())?.refresh_token === stored?.refresh_token
    if (!forgiving && when !== 'lock') await crew.signIn()
    await crew.allServed()
    return { store, when, kept, ...(await figuresOf({ server, crew }, stopped)) }
  } finally {
    await server.stop()
    await crew.end()
  }
}
