// Processes over one store, one of which is killed in each round; what counts is what the server counted.
import { startShortLived } from '../servers/start-short-lived.mjs'
import { addAnswers, startWorker, until, wait } from './crew.mjs'
import { stores } from './stores.mjs'

/**
 * `rounds` times: kills one of `processes` processes at a random moment, every other time one that has just begun to refresh. Rejects when the record isn't whole, nobody goes on, or
 * a refresh token was used twice for any other reason than that the first answer died with its process. Resolves with the figures.
 */
export async function runKillRounds({
  store,
  rounds = 20,
  processes = 3,
  lifetime = 100,
  lease = 500,
  onRound = () => undefined,
}) {
  const { setUp, open } = stores[store]
  const room = await setUp(lease)
  const server = await startShortLived({ lifetime, tokenLatency: 6 })
  const { tokenEndpoint, apiUrl } = server
  const opened = await open(room.place)
  const ready = new Set()
  const killed = new Set()
  const figures = { store, rounds: 0, killedWhileRefreshing: 0, answersThatDied: 0 }
  let hired = 0
  let explained = 0

  async function hire() {
    const clientId = `client-${hired++}`
    const worker = startWorker({ name: store, place: room.place, tokenEndpoint, apiUrl, clientId, streams: 1, pause: 8 })
    await worker.ready
    ready.add(worker)
  }
  const signIn = async () => opened.store.write(await server.mint(), { mode: 'set', replacing: undefined })

  /** Every reuse must be of a token whose first answer died with its process, and was never seen again. */
  async function explainReuses() {
    const reuses = await server.reuses()
    for (const { first, again, successorSeen } of reuses.slice(explained)) {
      if (!killed.has(first)) throw new Error(`${again} has used the refresh token of ${first}, which lives`)
      if (successorSeen) throw new Error(`${again} has used the refresh token of ${first}, whose answer was stored`)
    }
    const news = reuses.length - explained
    explained = reuses.length
    return news > 0
  }

  /** Waits until somebody has refreshed, or the session is lost for a reason. */
  async function goOn(refreshed) {
    await until('the others go on', 30, async () => {
      if ((await server.counts()).refreshed > refreshed) return true
      if (await room.inspect()) return false
      if (!(await explainReuses())) throw new Error('The session was lost without a reason')
      figures.answersThatDied++
      await signIn()
      return false
    })
  }

  try {
    await signIn()
    await Promise.all(Array.from({ length: processes }, hire))
    for (let round = 1; round <= rounds; round++) {
      const victim = [...ready][Math.floor(Math.random() * ready.size)]
      if (round % 2 === 0) {
        const refreshing = await Promise.race([victim.refreshing().then(() => true), wait(3 * lifetime)])
        if (refreshing) figures.killedWhileRefreshing++
        await wait(Math.random() * 12)
      } else await wait(Math.random() * lifetime)
      ready.delete(victim)
      killed.add(victim.clientId)
      victim.signal('SIGKILL')
      await victim.ended
      await room.inspect()
      const { refreshed } = await server.counts()
      const hiring = hire()
      await Promise.all([goOn(refreshed), hiring])
      figures.rounds++
      onRound(figures)
    }
    const answers = (await Promise.all([...ready].map((worker) => worker.stop()))).reduce(addAnswers, {})
    await explainReuses()
    const { refreshGrants, refreshTokensReused } = await server.counts()
    await opened.close()
    return { ...figures, refreshGrants, refreshTokensReused, answers }
  } finally {
    for (const worker of ready) worker.signal('SIGKILL')
    await server.stop()
    await room.tearDown()
  }
}
