// Failures of a store's server while processes work, at the worst moment: the token endpoint has redeemed a refresh token, and the answer isn't stored yet.
import type { RotatingServer } from '../servers/start.js'
import type { Pool } from './pool.js'
import { until, wait } from './waiting.js'

export type OutageName = 'crash' | 'shut-down' | 'forget' | 'hang'

export interface Outage {
  /** `turn` counts from 0. */
  happen(context: { pool: Pool; server: RotatingServer; turn: number }): Promise<void>
  /** What requests may be answered with besides 200. */
  answers: readonly string[]
  /** Processes reach the store through a proxy. */
  proxied?: true
  /** Ends the session, and signs in again. */
  signsIn?: true
}

/** Runs `work` while a new token set is on its way to a process. */
async function whileRedeemed(server: RotatingServer, work: () => Promise<void>): Promise<void> {
  await server.hold('redeemed')
  await server.heard()
  await work()
}

/** The server of the store ends, the token response arrives, and the server starts again. */
const restarted = (end: 'crash' | 'shutDown'): Outage => ({
  answers: ['OAUTH_STORE_FAILED'],
  async happen({ pool, server }) {
    const stored = pool.setup.server!
    await whileRedeemed(server, async () => {
      await stored[end]()
      await server.releaseAnswers()
      await wait(100)
      await stored.restart()
    })
  },
})

export const outages: Record<OutageName, Outage> = {
  crash: restarted('crash'),
  'shut-down': restarted('shutDown'),
  /** The store loses all data: every process is signed out, and then one signs in. */
  forget: {
    answers: ['OAUTH_SIGNED_OUT'],
    signsIn: true,
    async happen({ pool, server, turn }) {
      await whileRedeemed(server, async () => {
        await pool.setup.server!.forget!()
        await server.releaseAnswers()
      })
      await until('every process is signed out', 30, () => pool.workers().every(({ events }) => (events.signed_out ?? 0) > turn))
      if (await pool.setup.inspect()) throw new Error('a token set was stored after the store had lost it')
      const { refreshGrants } = await server.counts()
      // Signed out, no process asks for tokens, for much longer than a token lives.
      await wait(500)
      if ((await server.counts()).refreshGrants !== refreshGrants) throw new Error('a process that is signed out has refreshed')
      await pool.signIn()
      await pool.allServed()
    },
  },
  /** The connection to the store stalls; then it goes on, or both ends are closed. */
  hang: {
    proxied: true,
    answers: ['OAUTH_STORE_FAILED'],
    async happen({ pool, server, turn }) {
      const line = pool.setup.line!
      await whileRedeemed(server, async () => {
        line.hold()
        await server.releaseAnswers()
        await wait(700)
        if (turn % 2 === 0) line.cut()
        else line.goOn()
      })
      await pool.allServed()
    },
  },
}
