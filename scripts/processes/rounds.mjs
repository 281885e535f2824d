// Processes over one store, one of which is killed in each round; what counts is what the server counted.
import { startRotatingServer } from '../servers/start.mjs'
import { startCrew } from './crew.mjs'
import { pauseFor, until } from './waiting.mjs'

/** Tells whether reuses of refresh tokens have come up since the last time. Every one must be of a token whose first answer died with its process, and was never seen again. */
function explainerOf(server, killed) {
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

/**
 * `rounds` times: kills one of `processes` processes at a random moment, every other time the one that holds the lock, and looks whether the rest goes on. Rejects when the store
 * isn't whole, nobody goes on, or a refresh token was used twice for any other reason than that the first answer died with its process.
 * Resolves with the figures. How long a dead holder's lock is waited for is up to the store; `lease` where it has one.
 */
export async function runKillRounds({
  store,
  rounds = 50,
  processes = 8,
  lifetime = 60,
  lease = 1000,
  onRound = () => undefined,
}) {
  const server = await startRotatingServer({ lifetime, leeway: 1000, tokenLatency: 6 })
  const crew = await startCrew({ store, options: { lease }, server, task: { streams: 1, pause: 8 } })
  const killed = new Set()
  const figures = { store, rounds: 0, killedHoldingTheLock: 0, answersThatDied: 0 }
  const explainReuses = explainerOf(server, killed)

  /** Resolves with the holder of the lock, or with nothing if nobody is it for a while. */
  async function aim() {
    const timedOut = new AbortController()
    const timer = setTimeout(() => timedOut.abort(), 500)
    const late = new Promise((resolve) => timedOut.signal.addEventListener('abort', () => resolve(undefined)))
    return Promise.race([crew.holder(), late]).finally(() => clearTimeout(timer))
  }

  /** Waits until somebody has refreshed or the session is lost for a reason. */
  async function goOn(refreshed) {
    await until('the others go on', 30, async () => {
      if ((await server.counts()).refreshed > refreshed) return true
      if (await crew.room.inspect()) return false
      if (!(await explainReuses())) throw new Error('The session was lost without a reason')
      figures.answersThatDied++
      await crew.signIn()
      return false
    })
  }

  try {
    await crew.signIn()
    await crew.start(processes)
    for (let round = 1; round <= rounds; round++) {
      await until('there are enough processes', 30, () => crew.ready.size >= Math.min(2, processes))
      const aimed = round % 2 === 0 ? await aim() : undefined
      await pauseFor(Math.random() * (aimed ? 14 : lifetime))
      const victim = aimed ?? crew.workers()[Math.floor(Math.random() * crew.ready.size)]
      crew.ready.delete(victim.pid)
      killed.add(victim.clientId)
      victim.signal('SIGKILL')
      await victim.ended
      if (victim.isHolding()) figures.killedHoldingTheLock++
      await crew.room.inspect()
      const { refreshed } = await server.counts()
      // What is wrong with it shows when the crew is dismissed.
      crew.hire().catch(() => undefined)
      await goOn(refreshed)
      figures.rounds++
      onRound(figures)
    }
    const answers = await crew.dismiss()
    await explainReuses()
    const { refreshGrants, refreshTokensReused } = await server.counts()
    return { ...figures, refreshGrants, refreshTokensReused, leftovers: await crew.leftovers(), answers }
  } finally {
    await server.stop()
    await crew.end()
  }
}
