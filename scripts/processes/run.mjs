// Several processes over one store, each sending requests all the time; what counts is what the servers counted.
import { startRotatingServer, startServers } from '../servers/start.mjs'
import { startCrew } from './crew.mjs'
import { troubles } from './troubles.mjs'
import { until, wait } from './waiting.mjs'

/** A refresh comes when an access token is in its last fifth, at the earliest. */
const EARLIEST = 0.8

/** `lifetime` in milliseconds; `shortest` is how long a token lives at least before it is refreshed. */
async function startServer(kind, lifetime, tokenLatency) {
  if (kind === 'rotating') {
    // APIs forgive a token that has expired on its way; on a busy machine the way can be longer than such a token lives.
    const server = await startRotatingServer({ lifetime, tokenLatency, leeway: 1000 })
    return { ...server, clientOf: (i) => `client-${i}`, shortest: EARLIEST * lifetime }
  }
  const servers = await startServers({ accessTokenLifetime: lifetime / 1000 })
  if (tokenLatency > 0) await servers.configure({ tokenLatency })
  // It counts in whole seconds: what it issues late in a second ends up to one second early.
  return { ...servers, clientOf: () => 'public', shortest: Math.min(EARLIEST * lifetime, Math.max(1000, lifetime - 1000)) }
}

/**
 * Runs `processes` processes for `seconds`; with `trouble`, one of those in `troubles.mjs`, so many `times` meanwhile. Resolves with the figures:
 * `requests` and `answers` (by status or code) as the processes saw them; `refreshGrants`, `refreshTokensReused`, `rejected` as the servers counted;
 * `expiries`: how many access tokens, one after the other, can have come to their last fifth or have ended in that time.
 */
export async function runProcesses({
  store,
  processes = 8,
  seconds = 5,
  server: kind = 'rotating',
  lifetime = 200,
  tokenLatency = 0,
  lease = 5000,
  trouble,
  times = trouble ? 1 : 0,
}) {
  const server = await startServer(kind, lifetime, tokenLatency)
  const options = { lease, proxied: troubles[trouble]?.proxied }
  const crew = await startCrew({ store, options, server, clientOf: server.clientOf })
  try {
    await crew.signIn()
    const begin = performance.now()
    await crew.start(processes)
    for (let i = 0; i < times; i++) {
      await wait((seconds * 1000) / (times + 1))
      await troubles[trouble].happen({ crew, server, turn: i })
      const { refreshGrants } = await server.counts()
      await until('they go on', 30, async () => (await server.counts()).refreshGrants > refreshGrants)
    }
    await wait((seconds * 1000) / (times + 1))
    const answers = await crew.dismiss()
    const elapsed = performance.now() - begin
    return {
      store,
      processes,
      ...(trouble && { trouble, times }),
      seconds: Math.round(elapsed / 1000),
      ...(await server.counts()),
      requests: Object.values(answers).reduce((sum, times) => sum + times, 0),
      answers,
      // A sign-in ends a token before its time.
      expiries: Math.floor(elapsed / server.shortest) + 1 + (troubles[trouble]?.signsIn ? times : 0),
    }
  } finally {
    await server.stop()
    await crew.end()
  }
}
