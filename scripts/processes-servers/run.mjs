// Several processes over one store, each sending requests all the time; what counts is what the servers counted.
import { startServers } from '../servers/start.mjs'
import { startShortLived } from '../servers/start-short-lived.mjs'
import { addAnswers, startWorker, until, wait } from './crew.mjs'
import { stores } from './stores.mjs'

/** A refresh comes when an access token is in its last fifth, at the earliest. */
const EARLIEST = 0.8

/** Tokens that live milliseconds, or the real authorization server, whose tokens live whole seconds. */
async function startServer(kind, lifetime) {
  if (kind === 'short-lived') {
    const server = await startShortLived({ lifetime })
    return { ...server, client: (i) => `client-${i}`, shortest: EARLIEST * lifetime }
  }
  const server = await startServers({ accessTokenLifetime: lifetime / 1000 })
  // It counts in whole seconds: what it issues late in a second ends up to one second early.
  return { ...server, client: () => 'public', shortest: Math.min(EARLIEST * lifetime, lifetime - 1000) }
}

/**
 * Runs `processes` processes for `seconds`; with `restarts` the store's server is restarted so many times meanwhile. Resolves with the figures: `answers` (by status or code) as the
 * processes saw them, `refreshGrants`, `refreshTokensReused` and the rest as the servers counted, and `expiries`: how many access tokens, one after the other, can have
 * come to their last fifth in that time.
 */
export async function runProcesses({
  store,
  processes = 8,
  seconds = 5,
  lifetime = 200,
  server: kind = 'short-lived',
  lease = 5000,
  restarts = 0,
  tokenLatency = 0,
}) {
  const { setUp, open } = stores[store]
  const room = await setUp(lease)
  const server = await startServer(kind, lifetime)
  const { tokenEndpoint, apiUrl } = server
  const { place } = room
  const workers = []
  try {
    if (tokenLatency > 0) await server.configure({ tokenLatency })
    const opened = await open(place)
    await opened.store.write(await server.mint(), { mode: 'set', replacing: undefined })
    const begin = performance.now()
    for (let i = 0; i < processes; i++)
      workers.push(startWorker({ name: store, place, tokenEndpoint, apiUrl, clientId: server.client(i) }))
    await Promise.all(workers.map(({ ready }) => ready))
    for (let i = 0; i < restarts; i++) {
      await wait((seconds * 1000) / (restarts + 1))
      // While somebody holds the lock, where that can be seen: that is the moment in which it hurts.
      await until('somebody refreshes', 10, room.holder)
      await room.server.crash()
      await wait(100)
      await room.server.restart()
      const { refreshGrants } = await server.counts()
      await until('they go on', 20, async () => (await server.counts()).refreshGrants > refreshGrants)
    }
    await wait((seconds * 1000) / (restarts + 1))
    const answers = (await Promise.all(workers.map((worker) => worker.stop()))).reduce(addAnswers, {})
    const elapsed = performance.now() - begin
    await opened.close()
    return {
      store,
      processes,
      seconds: Math.round(elapsed / 1000),
      ...(await server.counts()),
      answers,
      expiries: Math.floor(elapsed / server.shortest) + 1,
    }
  } finally {
    for (const worker of workers) worker.signal('SIGKILL')
    await server.stop()
    await room.tearDown()
  }
}
