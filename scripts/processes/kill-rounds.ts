// Processes over one store, one of which is killed in each round.
import { startRotatingServer, type RotatingServer } from '../servers/start.js'
import type { StoreName } from '../stores/index.js'
import { Pool, type Worker } from './pool.js'
import { pauseFor, until } from './waiting.js'
import type { Answers } from './worker.js'

export interface KillRoundsOptions {
  store: StoreName
  rounds?: number
  processes?: number
  /** Of an access token, in milliseconds. */
  lifetime?: number
  /** How long a dead holder's lock lasts, in milliseconds, where it is a lease. */
  lease?: number
  onRound?: (figures: RoundFigures) => unknown
}
export interface RoundFigures {
  store: StoreName
  rounds: number
  killedHoldingTheLock: number
  /** Token responses that no process has stored, as the one that asked was killed. */
  answersThatDied: number
}
export interface KillRoundsFigures extends RoundFigures {
  refreshGrants: number
  refreshTokensReused: number
  leftovers: string[]
  answers: Answers
}

/**
 * Tells whether refresh tokens were reused since the last call. Each must be one whose first answer died with its process, and of whose answer
 * nothing was ever presented.
 */
function reuseCheckOf(server: RotatingServer, killed: ReadonlySet<string>): () => Promise<boolean> {
  let explained = 0
  return async () => {
    const news = (await server.reuses()).slice(explained)
    explained += news.length
    for (const { first, again, successorSeen } of news) {
      if (!killed.has(first)) throw new Error(`${again} has used the refresh token of ${first}, which lives`)
      if (successorSeen) throw new Error(`${again} has used the refresh token of ${first}, whose answer was stored`)
    }
    return news.length > 0
  }
}

/** Resolves with the holder of the lock, or with nothing when the lock stays free for a while. */
async function holderWithin(pool: Pool, ms: number): Promise<Worker | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)))
  return Promise.race([pool.holder(), late]).finally(() => clearTimeout(timer))
}

/**
 * `rounds` times: kills one of `processes` processes at a random moment, every other time the one that holds the lock, and checks that the others go on.
 * Rejects when the store isn't whole, no process goes on, or a refresh token was used twice for any other reason than that the first answer died with
 * its process.
 */
export async function runKillRounds({
  store,
  rounds = 50,
  processes = 8,
  lifetime = 60,
  lease = 1000,
  onRound = () => undefined,
}: KillRoundsOptions): Promise<KillRoundsFigures> {
  const server = await startRotatingServer({ lifetime, leeway: 1000, tokenLatency: 6 })
  const pool = await Pool.open({ store, options: { lease }, server, task: { streams: 1, pause: 8 } })
  const killed = new Set<string>()
  const figures = { store, rounds: 0, killedHoldingTheLock: 0, answersThatDied: 0 }
  const hasExplainedReuses = reuseCheckOf(server, killed)

  /** Waits until a process has refreshed or the session is lost for a reason. */
  async function othersGoOn(refreshed: number): Promise<void> {
    await until('the others go on', 30, async () => {
      if ((await server.counts()).refreshed > refreshed) return true
      if (await pool.setup.inspect()) return false
      if (!(await hasExplainedReuses())) throw new Error('the session was lost without a reason')
      figures.answersThatDied++
      await pool.signIn()
      return false
    })
  }

  try {
    await pool.signIn()
    await pool.start(processes)
    for (let round = 1; round <= rounds; round++) {
      await until('there are enough processes', 30, () => pool.ready.size >= Math.min(2, processes))
      const holder = round % 2 === 0 ? await holderWithin(pool, 500) : undefined
      await pauseFor(Math.random() * (holder ? 14 : lifetime))
      const victim = holder ?? pool.workers()[Math.floor(Math.random() * pool.ready.size)]!
      pool.ready.delete(victim.pid)
      killed.add(victim.clientId)
      victim.signal('SIGKILL')
      await victim.ended
      if (victim.isHolding) figures.killedHoldingTheLock++
      await pool.setup.inspect()
      const { refreshed } = await server.counts()
      // A process that can't start shows when the pool is stopped.
      pool.add().catch(() => undefined)
      await othersGoOn(refreshed)
      figures.rounds++
      onRound(figures)
    }
    const answers = await pool.stop()
    await hasExplainedReuses()
    const { refreshGrants, refreshTokensReused } = await server.counts()
    return { ...figures, refreshGrants, refreshTokensReused, leftovers: await pool.leftovers(), answers }
  } finally {
    await server.stop()
    await pool.close()
  }
}
