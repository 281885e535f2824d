// Several processes over one store, each sending requests all the time.
import {
  startRotatingServer,
  startServers,
  type RotatingServer,
  type ServerCounts,
  type RotatingCounts,
} from '../servers/start.js'
import type { StoreName } from '../stores/index.js'
import { outages, type OutageName } from './outages.js'
import { Pool, type PoolServer } from './pool.js'
import { until, wait } from './waiting.js'
import type { Answers } from './worker.js'

/** The part of its lifetime after which an access token is refreshed at the earliest. */
const EARLIEST = 0.8

export type ServerKind = 'rotating' | 'oidc'

interface UsedServer extends PoolServer {
  counts(): Promise<Partial<ServerCounts> & Partial<RotatingCounts> & { refreshGrants: number }>
  stop(): Promise<void>
  clientOf(i: number): string
  /** How long a token lives at least before it is refreshed, in milliseconds. */
  shortest: number
}

async function startServer(kind: ServerKind, lifetime: number, tokenLatency: number): Promise<UsedServer> {
  if (kind === 'rotating') {
    // On a busy machine a request can be under way for longer than such a token lives.
    const server = await startRotatingServer({ lifetime, tokenLatency, leeway: 1000 })
    return { ...server, clientOf: (i) => `client-${i}`, shortest: EARLIEST * lifetime }
  }
  const servers = await startServers({ accessTokenLifetime: lifetime / 1000 })
  if (tokenLatency > 0) await servers.configure({ tokenLatency })
  // It counts in whole seconds: a token that is issued late in a second expires up to one second early.
  return { ...servers, clientOf: () => 'public', shortest: Math.min(EARLIEST * lifetime, Math.max(1000, lifetime - 1000)) }
}

export interface ProcessesOptions {
  store: StoreName
  processes?: number
  seconds?: number
  server?: ServerKind
  /** Of an access token, in milliseconds. */
  lifetime?: number
  tokenLatency?: number
  lease?: number
  /** What happens to the store's server, and how many times. */
  outage?: OutageName | undefined
  times?: number
}
export interface ProcessesFigures {
  processes: number
  seconds: number
  requests: number
  /** As the processes saw them. */
  answers: Answers
  served: number
  rejected: number
  rejectedForGood: number
  refreshGrants: number
  refreshTokensReused: number
  mostGrantsAtOnce: number
  /** How many access tokens, one after the other, can have come to their last fifth or have expired in that time. */
  expiries: number
}

export async function runProcesses({
  store,
  processes = 8,
  seconds = 5,
  server: kind = 'rotating',
  lifetime = 200,
  tokenLatency = 0,
  lease = 5000,
  outage: name,
  times = name ? 1 : 0,
}: ProcessesOptions): Promise<ProcessesFigures> {
  const outage = name && outages[name]
  const server = await startServer(kind, lifetime, tokenLatency)
  const options = { lease, ...(outage?.proxied && { proxied: true }) }
  const pool = await Pool.open({ store, options, server, clientOf: server.clientOf })
  try {
    await pool.signIn()
    const begin = performance.now()
    await pool.start(processes)
    for (let turn = 0; outage && turn < times; turn++) {
      await wait((seconds * 1000) / (times + 1))
      await outage.happen({ pool, server: server as unknown as RotatingServer, turn })
      const { refreshGrants } = await server.counts()
      await until('the processes go on', 30, async () => (await server.counts()).refreshGrants > refreshGrants)
    }
    await wait((seconds * 1000) / (times + 1))
    const answers = await pool.stop()
    const elapsed = performance.now() - begin
    const figures = {
      store,
      processes,
      ...(name && { outage: name, times }),
      seconds: Math.round(elapsed / 1000),
      ...(await server.counts()),
      requests: Object.values(answers).reduce((sum, count) => sum + count, 0),
      answers,
      // A sign-in ends a token before it expires.
      expiries: Math.floor(elapsed / server.shortest) + 1 + (outage?.signsIn ? times : 0),
    }
    return figures as ProcessesFigures
  } finally {
    await server.stop()
    await pool.close()
  }
}
