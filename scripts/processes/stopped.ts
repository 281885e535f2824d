// Processes over one store whose holder of the lock is delayed at a chosen moment: by a slow token endpoint, or stopped (SIGSTOP) and continued later.
import { startRotatingServer, type RotatingServer } from '../servers/start.js'
import type { StoreName } from '../stores/index.js'
import { Pool, type Worker } from './pool.js'
import { until, wait } from './waiting.js'
import type { Answers } from './worker.js'

export type Role = 'the stopped one' | 'another'

export interface DelayedFigures {
  refreshGrants: number
  refreshTokensReused: number
  mostGrantsAtOnce: number
  /** The roles of both clients, and of those whose answer was ever used. */
  reuses: { first: Role; again: Role; used: Role[] }[]
  leftovers: string[]
  answers: Answers
  answersOfStopped: Answers
}

interface Parts {
  server: RotatingServer
  pool: Pool
}
interface DelayOptions {
  store: StoreName
  seconds?: number
  processes?: number
  /** In milliseconds, where the lock is a lease. */
  lease?: number
}

/** A pool that waits to begin with an expired token set, so that a refresh comes first. */
async function openIdlePool(
  { store, processes, lease }: { store: StoreName; processes: number; lease: number },
  server: RotatingServer,
): Promise<Pool> {
  const pool = await Pool.open({ store, options: { lease }, server, task: { idle: true } })
  await pool.signIn()
  await server.configure({ lifetime: 3_600_000 })
  await pool.start(processes)
  return pool
}

/** Rejects when, within `ms`, another process gets the lock or redeems a refresh token. */
async function nothingHappens({ server, pool }: Parts, ms: number): Promise<void> {
  const holder = await pool.setup.holder()
  if (holder === undefined) throw new Error('the lock is free')
  const { refreshGrants } = await server.counts()
  const end = performance.now() + ms
  while (performance.now() < end) {
    if ((await pool.setup.holder()) !== holder) throw new Error('another process holds the lock of a live one')
    if ((await server.counts()).refreshGrants !== refreshGrants) throw new Error('another process has refreshed')
    await wait(20)
  }
}

async function figuresOf({ server, pool }: Parts, delayed: Worker): Promise<DelayedFigures> {
  const role = (clientId: string): Role => (clientId === delayed.clientId ? 'the stopped one' : 'another')
  const answersOfStopped = await delayed.report()
  const answers = await pool.stop()
  const reuses = (await server.reuses()).map(({ first, again, firstEverUsed, againEverUsed }) => ({
    first: role(first),
    again: role(again),
    used: [...(firstEverUsed ? [role(first)] : []), ...(againEverUsed ? [role(again)] : [])],
  }))
  const { refreshGrants, refreshTokensReused, mostGrantsAtOnce } = await server.counts()
  const leftovers = await pool.leftovers()
  return { refreshGrants, refreshTokensReused, mostGrantsAtOnce, reuses, answers, answersOfStopped, leftovers }
}

/** Delays the refresh for `seconds`, when the refresh token is redeemed and the answer isn't stored. */
async function delayRefresh(options: Required<DelayOptions>, stop: boolean): Promise<DelayedFigures> {
  const server = await startRotatingServer({ lifetime: 1, leeway: 1000 })
  const pool = await openIdlePool(options, server)
  try {
    await server.hold('redeemed')
    pool.say('begin')
    const delayed = pool.workerOf(await server.heard())
    if (stop) {
      delayed.signal('SIGSTOP')
      await server.releaseAnswers()
    }
    await nothingHappens({ server, pool }, options.seconds * 1000)
    if (stop) delayed.signal('SIGCONT')
    else await server.releaseAnswers()
    await pool.allServed()
    return await figuresOf({ server, pool }, delayed)
  } finally {
    await server.stop()
    await pool.close()
  }
}

/**
 * A token endpoint that takes `seconds`; by default three times as long as a lease lasts. Rejects when another process gets the lock or refreshes
 * meanwhile, or when one doesn't go on afterwards.
 */
export const runSlowRefresh = ({
  store,
  lease = 1000,
  seconds = (3 * lease) / 1000,
  processes = 8,
}: DelayOptions): Promise<DelayedFigures> => delayRefresh({ store, seconds, processes, lease }, false)

/** Stops the holder for `seconds`, over a store whose lock a live holder never loses. Rejects as `runSlowRefresh`. */
export const runStopRound = ({ store, seconds = 2, processes = 8, lease = 500 }: DelayOptions): Promise<DelayedFigures> =>
  delayRefresh({ store, seconds, processes, lease }, true)

export interface LateHolderOptions {
  store: StoreName
  /** The holder has the `lock` and has asked for nothing yet; its token request was `sent`; or was `redeemed`, and only the answer is missing. */
  when: 'lock' | 'sent' | 'redeemed'
  /** The server answers a reused refresh token; otherwise it ends the session, and the pool signs in again. */
  forgiving?: boolean
  processes?: number
  lease?: number
}

/**
 * Stops the holder of a lease until the lease has expired and other processes have refreshed, then continues it. Rejects when a process doesn't go on.
 * `kept`: what the others have stored was still there afterwards.
 */
export async function runLateHolder({
  store,
  when,
  forgiving = true,
  processes = 8,
  lease = 1000,
}: LateHolderOptions): Promise<DelayedFigures & { kept: boolean }> {
  const server = await startRotatingServer({ lifetime: 1, leeway: 1000, forgiving: Number(forgiving) })
  const pool = await openIdlePool({ store, processes, lease }, server)
  const allSignedOut = (workers: Worker[]): Promise<void> =>
    until('the processes are signed out', 30, () => workers.every(({ events }) => (events.signed_out ?? 0) > 0))
  try {
    if (when === 'lock') pool.say('gate')
    else await server.hold(when)
    pool.say('begin')
    const stopped = when === 'lock' ? await pool.holder() : pool.workerOf(await server.heard())
    const before = await pool.setup.inspect()
    stopped.signal('SIGSTOP')
    const others = pool.workers().filter((worker) => worker !== stopped)
    for (const other of others) other.say('go')

    let stored: typeof before
    if (forgiving || when !== 'redeemed') {
      await pool.allServed(others)
      stored = await pool.setup.inspect()
      if (stored?.refresh_token === before?.refresh_token) throw new Error('the others are served with an expired token')
    } else await allSignedOut(others)

    if (when !== 'lock') await server.releaseAnswers()
    stopped.signal('SIGCONT')
    stopped.say('go')
    if (forgiving || when === 'lock') await pool.allServed([stopped])
    else await allSignedOut(pool.workers())
    const kept = (await pool.setup.inspect())?.refresh_token === stored?.refresh_token
    if (!forgiving && when !== 'lock') await pool.signIn()
    await pool.allServed()
    return { kept, ...(await figuresOf({ server, pool }, stopped)) }
  } finally {
    await server.stop()
    await pool.close()
  }
}
