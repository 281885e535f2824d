// Processes over one store, one of which is killed in each round; what counts is what the server counted.
import { startRotatingServer } from '../servers/start.mjs'
import { addAnswers, startWorker, storeModuleOf } from './crew.mjs'

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
/** A pause that doesn't round to milliseconds. */
async function pauseFor(ms) {
  const end = performance.now() + ms
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
}

async function until(what, seconds, condition) {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > end) throw new Error(`Not within ${seconds} s: ${what}`)
    await wait(2)
  }
}

/** A crew that is kept at its strength, over one store and one server. */
async function startCrew({ store, processes, lifetime }) {
  const storeModule = storeModuleOf(store)
  const module = await import(storeModule)
  const { place, tearDown } = await module.setUp()
  const server = await startRotatingServer({ lifetime, leeway: 1000, tokenLatency: 6 })
  const { tokenEndpoint, apiUrl } = server
  const opened = await module.open(place)
  const ready = new Map()
  const starting = new Set()
  let hired = 0

  function hire() {
    const worker = startWorker({ storeModule, place, tokenEndpoint, apiUrl, clientId: `client-${hired++}`, streams: 1, pause: 8 })
    const begun = worker.ready.then(() => ready.set(worker.pid, worker))
    starting.add(begun)
    begun.finally(() => starting.delete(begun)).catch(() => undefined)
    return begun
  }
  const signIn = async () => opened.write(await server.mint(), { mode: 'set', replacing: undefined })

  await signIn()
  await Promise.all(Array.from({ length: processes }, hire))
  return {
    server,
    ready,
    hire,
    signIn,
    inspect: () => module.inspect(place),
    /** What killed processes have left once somebody has held the lock in peace. */
    async leftovers() {
      await opened.lock(async () => undefined, AbortSignal.timeout(10_000))
      return (await module.leftovers?.(place)) ?? []
    },
    holderNow: () => module.holder?.(place),
    /** Waits until one of the crew holds the lock; resolves with it, or with nothing if none does for a while. */
    async holder() {
      const end = performance.now() + 500
      while (performance.now() < end) {
        const found = ready.get(await this.holderNow())
        if (found) return found
        await new Promise((resolve) => setImmediate(resolve))
      }
      return undefined
    },
    /** Lets everybody end by itself; resolves with their answers. */
    async dismiss() {
      await Promise.all(starting)
      return (await Promise.all([...ready.values()].map((worker) => worker.stop()))).reduce(addAnswers, {})
    },
    async end() {
      for (const worker of ready.values()) worker.signal('SIGKILL')
      await server.stop()
      await tearDown()
    },
  }
}

/**
 * `rounds` times: kills one of `processes` processes at a random moment, every other time the one that holds the lock, and looks whether the rest goes on. Rejects when the store
 * isn't whole, nobody goes on, or a refresh token was used twice for any other reason than that the first answer died with its process.
 * Resolves with the figures.
 */
export async function runKillRounds({ store, rounds = 50, processes = 3, lifetime = 60, onRound = () => undefined }) {
  const crew = await startCrew({ store, processes, lifetime })
  const { server, ready } = crew
  const killed = new Set()
  const figures = { rounds: 0, killedHoldingTheLock: 0, answersThatDied: 0 }
  let explained = 0

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

  /** Waits until somebody has refreshed or the session is lost for a reason. */
  async function goOn(refreshed) {
    await until('the others go on', 20, async () => {
      if ((await server.counts()).refreshed > refreshed) return true
      const stored = await crew.inspect()
      if (stored) return false
      if (!(await explainReuses())) throw new Error('The session was lost without a reason')
      figures.answersThatDied++
      await crew.signIn()
      return false
    })
  }

  try {
    for (let round = 1; round <= rounds; round++) {
      await until('there are enough processes', 30, () => ready.size >= Math.min(2, processes))
      const aimed = round % 2 === 0 ? await crew.holder() : undefined
      await pauseFor(Math.random() * (aimed ? 14 : lifetime))
      const victim = aimed ?? [...ready.values()][Math.floor(Math.random() * ready.size)]
      ready.delete(victim.pid)
      killed.add(victim.clientId)
      victim.signal('SIGKILL')
      if ((await crew.holderNow()) === victim.pid) figures.killedHoldingTheLock++
      await victim.ended
      await crew.inspect()
      const { refreshed } = await server.counts()
      crew.hire()
      await goOn(refreshed)
      figures.rounds++
      onRound(figures)
    }
    const answers = await crew.dismiss()
    await explainReuses()
    const { refreshGrants, refreshTokensReused } = await server.counts()
    return {
      ...figures,

      refreshGrants,
      refreshTokensReused,
      leftovers: await crew.leftovers(),
      answers,
    }
  } finally {
    await crew.end()
  }
}

/**
 * Stops the holder of the lock with SIGSTOP for `seconds`, then lets it go on. Rejects when anybody else gets the lock or refreshes meanwhile, or when
 * nobody goes on afterwards. Resolves with the figures.
 */
export async function runStopRound({ store, seconds = 2, processes = 3, lifetime = 60 }) {
  const crew = await startCrew({ store, processes, lifetime })
  const { server } = crew
  try {
    const holder = await until('a holder is stopped', 20, async () => {
      const found = await crew.holder()
      found?.signal('SIGSTOP')
      await wait(50)
      if (found && (await crew.holderNow()) === found.pid) return found
      found?.signal('SIGCONT')
      return undefined
    })
    const before = await server.counts()
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      if ((await crew.holderNow()) !== holder.pid) throw new Error('Somebody else holds the lock of one who was stopped')
      await wait(20)
    }
    const { refreshGrants } = await server.counts()
    if (refreshGrants !== before.refreshGrants) throw new Error('Somebody else has refreshed')
    holder.signal('SIGCONT')
    await until('all go on', 20, async () => (await server.counts()).refreshed > before.refreshed + 2)
    const answers = await crew.dismiss()
    const { refreshTokensReused, mostGrantsAtOnce } = await server.counts()
    return { seconds, refreshTokensReused, mostGrantsAtOnce, leftovers: await crew.leftovers(), answers }
  } finally {
    await crew.end()
  }
}
