// Starts and ends the processes that share a store.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('worker.mjs', import.meta.url))
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Resolves with what `condition` gives as soon as that is truthy; rejects after so many seconds. */
export async function until(what, seconds, condition) {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > end) throw new Error(`Not within ${seconds} s: ${what}`)
    await wait(5)
  }
}

/** Adds the answers of `more` to those of `sum`. */
export function addAnswers(sum, more = {}) {
  for (const [answer, times] of Object.entries(more)) sum[answer] = (sum[answer] ?? 0) + times
  return sum
}

/** Starts one; it dies with this process. `task` is what `worker.mjs` takes. */
export function startWorker(task) {
  const child = fork(program, [JSON.stringify({ streams: 2, pause: 10, ...task })], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let answers
  let onRefresh = () => undefined
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const ready = new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', () => reject(new Error('A process ended before it was ready')))
    child.on('message', (message) => {
      if (message.ready) resolve()
      if (message.refreshing) onRefresh()
      if (message.answers) answers = message.answers
    })
  })
  ready.catch(() => undefined)
  return {
    clientId: task.clientId,
    ready,
    ended,
    signal: (name) => child.kill(name),
    /** Resolves when it says that it starts a refresh; then it waits for the lock. */
    refreshing: () => new Promise((resolve) => (onRefresh = resolve)),
    /** Lets it end by itself, and resolves with its answers. */
    async stop() {
      child.send('stop')
      await ended
      return answers
    },
  }
}
