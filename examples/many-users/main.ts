/**
 * A server for many users, with several worker processes. Each worker has a session for each user that it serves. The sessions of one user share
 * a store in Redis, under whose lock one of them refreshes.
 *
 * PORT, WORKERS, IDLE_LIMIT (milliseconds), REDIS_URL or REDIS_SOCKET, API_URL, TOKEN_ENDPOINT and CLIENT_ID come from the environment.
 */
import cluster from 'node:cluster'

const { WORKERS = '2' } = process.env

if (cluster.isPrimary) {
  let listening = 0
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === Number(WORKERS)) console.log(`${WORKERS} workers at http://127.0.0.1:${port}`)
  })
  for (let i = 0; i < Number(WORKERS); i++) cluster.fork()
} else {
  await import('./worker.js')
}
