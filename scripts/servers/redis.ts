// A real Redis server on a unix socket in a temporary directory: the `redis-server` of the PATH, or Debian's package, which is fetched when it is missing.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { endsWithThisProcess } from './run-with-parent.js'

const run = promisify(execFile)
/** Where a fetched package is unpacked, for the next run to find. */
const unpacked = join(tmpdir(), 'axios-attach-oauth-redis-server')
const works = (program: string): Promise<string | undefined> =>
  run(program, ['--version']).then(
    () => program,
    () => undefined,
  )

async function fetchPackage(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-redis-package-'))
  try {
    await run('apt-get', ['update']).catch(() => undefined)
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).catch(async () => {
      // Without the rights, or without its dependencies: the program alone may do.
      await run('apt-get', ['download', 'redis-server', 'redis-tools'], { cwd: directory })
      for (const name of await readdir(directory)) await run('dpkg', ['-x', join(directory, name), unpacked])
    })
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The path of a `redis-server` that runs here. Rejects with what to do when there is none. */
export async function findRedis(): Promise<string> {
  const candidates = ['redis-server', join(unpacked, 'usr', 'bin', 'redis-server')]
  const find = async (): Promise<string | undefined> => (await Promise.all(candidates.map(works))).find(Boolean)
  const present = await find()
  if (present) return present
  const problem = await fetchPackage().catch((error: Error) => error)
  const fetched = await find()
  if (fetched) return fetched
  throw new Error(
    `no redis-server was found. Install one (Debian: apt-get install redis-server). Tests that stop no server take that of REDIS_URL instead. ${problem?.message ?? ''}`,
  )
}

/** Resolves when the server answers. */
async function answers(path: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const pong = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ path })
      socket.once('error', () => resolve(false))
      socket.once('data', (data) => {
        socket.destroy()
        resolve(String(data).startsWith('+PONG'))
      })
      socket.write('PING\r\n')
    })
    if (pong) return
    await wait(10)
  }
  throw new Error('the Redis server did not start within 5 s')
}

/** A server that tests stop and start. */
export interface StoppableServer {
  /** Ends every connection, then itself. */
  shutDown(): Promise<void>
  /** Ends without closing a connection. */
  crash(): Promise<void>
  /** Starts with what it had stored. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a Redis server at the socket `path`. A write that it has answered survives a crash. */
export async function startRedis(): Promise<StoppableServer & { path: string }> {
  const program = await findRedis()
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-redis-'))
  const path = join(directory, 'redis.sock')
  let child: ChildProcess
  let stopWatching: () => void

  async function start(): Promise<void> {
    const settings = ['--port', '0', '--unixsocket', path, '--dir', directory, '--save', '', '--appendonly', 'yes']
    child = spawn(program, [...settings, '--appendfsync', 'always', '--loglevel', 'warning'], { stdio: 'ignore' })
    stopWatching = endsWithThisProcess(child.pid!, 'KILL')
    await Promise.race([
      answers(path),
      new Promise((_, reject) =>
        child.once('error', reject).once('exit', (code) => reject(new Error(`redis-server ended with ${code}`))),
      ),
    ])
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    stopWatching()
  }

  await start()
  return {
    path,
    shutDown: () => end('SIGTERM'),
    crash: () => end('SIGKILL'),
    restart: start,
    async stop() {
      await end('SIGKILL')
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
