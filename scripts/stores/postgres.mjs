// The PostgreSQL store for the processes of `scripts/processes/`.
import { postgresSchema, postgresStore } from 'axios-attach-oauth/postgres'
import pg from 'pg'
import { startPostgres } from '../servers/postgres.mjs'
import { startProxy } from '../servers/proxy.mjs'
import { wholeTokens } from './tokens.mjs'

const key = 'session of the processes'
const poolOf = (config, max) => new pg.Pool({ ...config, max }).on('error', () => undefined)

/** Opens the store, in whichever process. */
export async function open({ config, lease }) {
  const pool = poolOf(config, 3)
  return { store: postgresStore(pool, { key, grace: lease }), close: () => pool.end() }
}

/** Starts a server. `lease`: the store's `grace`, in milliseconds; `proxied`: the processes reach it through `room.line`, which may go dead. */
export async function setUp({ lease = 5000, proxied = false } = {}) {
  const server = await startPostgres()
  const line = proxied ? await startProxy({ host: server.config.host, port: server.config.port }) : undefined
  const pool = poolOf(server.config, 1)
  const first = async (text, values) => (await pool.query(text, values)).rows[0]
  await pool.query(postgresSchema())
  const direct = { lease, config: server.config }
  return {
    place: line ? { lease, config: { ...server.config, port: line.port } } : direct,
    direct,
    server,
    line,
    inspect: async () => wholeTokens((await first('SELECT tokens FROM oauth_tokens WHERE key = $1', [key]))?.tokens),
    holder: async () => (await first("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"))?.pid,
    async tearDown() {
      await pool.end()
      await line?.stop()
      await server.stop()
    },
  }
}
