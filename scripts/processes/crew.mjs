// Starts and ends the processes that share a store.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('worker.mjs', import.meta.url))
export const storeModuleOf = (name) => new URL(`../stores/${name}.mjs`, import.meta.url).href

/** Adds the answers of `more` to those of `sum`. */
export function addAnswers(sum, more) {
  for (const [answer, times] of Object.entries(more)) sum[answer] = (sum[answer] ?? 0) + times
  return sum
}

/** Starts one: `{ pid, clientId, ready, ended, stop }`. `task` is what `worker.mjs` takes; it dies with this process. */
export function startWorker(task) {
  const child = fork(program, [JSON.stringify({ streams: 2, pause: 10, ...task })], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let answers
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal, answers })))
  const ready = new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', () => reject(new Error('A process ended before it was ready')))
    child.on('message', (message) => {
      if (message.ready) resolve()
      if (message.answers) answers = message.answers
    })
  })
  ready.catch(() => undefined)
  return {
    pid: child.pid,
    clientId: task.clientId,
    ready,
    ended,
    signal: (name) => child.kill(name),
    /** Lets it end by itself, and resolves with its answers. */
    async stop() {
      child.send('stop')
      return (await ended).answers
    },
  }
}
