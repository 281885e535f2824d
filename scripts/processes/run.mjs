// Several processes over one store, each sending requests all the time; what counts is what the servers counted.
import { startRotatingServer, startServers } from '../servers/start.mjs'
import { addAnswers, startWorker, storeModuleOf } from './crew.mjs'

/** A refresh comes when an access token is in its last fifth, at the earliest. */
const EARLIEST = 0.8

/** `lifetime` in milliseconds; `shortest` is how long a token lives at least before it is refreshed. */
async function startServer(kind, lifetime) {
  if (kind === 'rotating') {
    // APIs forgive a token that has expired on its way; on a busy machine the way can be longer than such a token lives.
    const server = await startRotatingServer({ lifetime, leeway: 1000 })
    return { ...server, client: (i) => `client-${i}`, shortest: EARLIEST * lifetime }
  }
  const servers = await startServers({ accessTokenLifetime: lifetime / 1000 })
  // It counts in whole seconds: what it issues late in a second ends up to one second early.
  return { ...servers, client: () => 'public', shortest: Math.min(EARLIEST * lifetime, Math.max(1000, lifetime - 1000)) }
}

/**
 * Runs `processes` processes for `seconds`. Resolves with the figures:
 * `requests` and `answers` (by status or code) as the processes saw them; `refreshGrants`, `refreshTokensReused`, `rejected` as the servers counted;
 * `expiries`: how many access tokens, one after the other, can have come to their last fifth or have ended in that time.
 */
export async function runProcesses({ store, processes = 8, seconds = 5, server: kind = 'rotating', lifetime = 200 }) {
  const storeModule = storeModuleOf(store)
  const { setUp, open } = await import(storeModule)
  const { place, tearDown } = await setUp()
  const server = await startServer(kind, lifetime)
  const { tokenEndpoint, apiUrl } = server
  try {
    const opened = await open(place)
    const start = (i) => startWorker({ storeModule, place, tokenEndpoint, apiUrl, clientId: server.client(i) })
    await opened.write(await server.mint(), { mode: 'set', replacing: undefined })
    const begin = performance.now()
    const workers = Array.from({ length: processes }, (_, i) => start(i))
    await Promise.all(workers.map(({ ready }) => ready))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const answers = (await Promise.all(workers.map((worker) => worker.stop()))).reduce(addAnswers, {})
    const elapsed = performance.now() - begin
    const counts = await server.counts()
    return {
      processes,
      seconds: Math.round(elapsed / 1000),
      ...counts,
      requests: Object.values(answers).reduce((sum, times) => sum + times, 0),
      answers,
      expiries: Math.floor(elapsed / server.shortest) + 1,
    }
  } finally {
    await server.stop()
    await tearDown()
  }
}
