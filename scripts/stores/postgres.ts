import { postgresSchema, postgresStore } from 'axios-attach-oauth/postgres'
import pg from 'pg'
import { startPostgres, type PostgresConfig } from '../servers/postgres.js'
import { startProxy } from '../servers/proxy.js'
import type { OpenedStore, SetUpOptions, StoreSetup } from './index.js'
import { wholeTokens } from './tokens.js'

const key = 'session of the processes'
const poolOf = (config: PostgresConfig, max: number): pg.Pool => new pg.Pool({ ...config, max }).on('error', () => undefined)

/** `lease` is the store's `grace`. */
export async function open({ config, lease }: { config: PostgresConfig; lease: number }): Promise<OpenedStore> {
  const pool = poolOf(config, 3)
  return { store: postgresStore(pool, { key, grace: lease }), close: () => pool.end() }
}

export async function setUp({ lease = 5000, proxied = false }: SetUpOptions = {}): Promise<StoreSetup> {
  const server = await startPostgres()
  const line = proxied ? await startProxy({ host: server.config.host, port: server.config.port }) : undefined
  const pool = poolOf(server.config, 1)
  const first = async <Row>(text: string, values: string[] = []): Promise<Row | undefined> =>
    (await pool.query(text, values)).rows[0] as Row | undefined
  await pool.query(postgresSchema())
  const direct = { lease, config: server.config }
  return {
    address: line ? { lease, config: { ...server.config, port: line.port } } : direct,
    direct,
    server,
    line,
    inspect: async () =>
      wholeTokens((await first<{ tokens: string }>('SELECT tokens FROM oauth_tokens WHERE key = $1', [key]))?.tokens),
    holder: async () => (await first<{ pid: number }>("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"))?.pid,
    async tearDown() {
      await pool.end()
      await line?.stop()
      await server.stop()
    },
  }
}
