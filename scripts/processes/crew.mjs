// Starts and ends the processes that share a store.
import { fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { loadStore, storeModuleOf } from '../stores/index.mjs'
import { until } from './waiting.mjs'

const program = fileURLToPath(new URL('worker.mjs', import.meta.url))

/** Adds the answers of `more` to those of `sum`. */
export function addAnswers(sum, more) {
  for (const [answer, times] of Object.entries(more)) sum[answer] = (sum[answer] ?? 0) + times
  return sum
}

/** Starts one; it dies with this process. `task` is what `worker.mjs` takes. */
function startWorker(task) {
  const child = fork(program, [JSON.stringify({ streams: 2, pause: 10, idle: false, ...task })], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const told = new EventEmitter()
  const events = {}
  let holding = false
  let answers
  const ready = new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', () => reject(new Error('A process ended before it was ready')))
    child.on('message', (message) => {
      if (message.ready) resolve()
      if (message.holding !== undefined) holding = message.holding
      if (message.event) events[message.event] = (events[message.event] ?? 0) + 1
      if (message.answers) answers = message.answers
      for (const what of Object.keys(message)) told.emit(what)
    })
  })
  ready.catch(() => undefined)
  // Its last words come after its death.
  const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  return {
    pid: child.pid,
    clientId: task.clientId,
    ready,
    ended,
    /** How often its session has told each event. */
    events,
    /** Has it the lock, as far as it has said? */
    isHolding: () => holding,
    /** Resolves as soon as it says that it has. */
    async holds() {
      while (!holding) await once(told, 'holding')
    },
    signal: (name) => child.kill(name),
    say: (order) => child.send(order),
    /** Its answers so far. */
    async report() {
      child.send('report')
      await once(told, 'answers')
      return answers
    },
    /** Lets it end by itself, and resolves with its answers. */
    async stop() {
      answers = undefined
      child.send('stop')
      await ended
      if (!answers) throw new Error(`${task.clientId} has ended without its answers`)
      return answers
    },
  }
}

/**
 * Processes over the store `store`, which asks `server` for tokens: `options` are those of the store's `setUp`, `task` what each process is told besides. `clientOf(i)` is the client
 * id of the one that was hired as number `i`.
 */
export async function startCrew({ store, options = {}, server, task = {}, clientOf = (i) => `client-${i}` }) {
  const storeModule = storeModuleOf(store)
  const { setUp, open } = await loadStore(store)
  const room = await setUp(options)
  const { place } = room
  const opened = await open(place)
  const { tokenEndpoint, apiUrl } = server
  const hired = new Set()
  /** Those that work, by process id. */
  const ready = new Map()
  let count = 0

  const crew = {
    room,
    ready,
    store: opened.store,
    /** Starts one more; resolves once it works. */
    async hire() {
      const worker = startWorker({ storeModule, place, tokenEndpoint, apiUrl, clientId: clientOf(count++), ...task })
      hired.add(worker)
      worker.ended.then(() => hired.delete(worker))
      await worker.ready
      ready.set(worker.pid, worker)
    },
    /** Starts so many. */
    start: (processes) => Promise.all(Array.from({ length: processes }, crew.hire)),
    /** Stores a token set of a family of its own. */
    signIn: async () => opened.store.write(await server.mint(), { mode: 'set', replacing: undefined }),
    workers: () => [...ready.values()],
    say: (order) => crew.workers().forEach((worker) => worker.say(order)),
    clientWith: (clientId) => crew.workers().find((worker) => worker.clientId === clientId),
    /** Resolves with the first that says it has the lock. */
    holder: () => Promise.race(crew.workers().map(async (worker) => (await worker.holds(), worker))),
    /** Resolves once each of `workers` has had one more request served. */
    async allServed(workers = crew.workers()) {
      const before = await Promise.all(workers.map(async (worker) => (await worker.report())[200] ?? 0))
      for (const [i, worker] of workers.entries())
        await until(`${worker.clientId} is served`, 30, async () => ((await worker.report())[200] ?? 0) > before[i])
    },
    /** Lets everybody end by itself; resolves with their answers. */
    async dismiss() {
      await Promise.all([...hired].map((worker) => worker.ready))
      return (await Promise.all(crew.workers().map((worker) => worker.stop()))).reduce(addAnswers, {})
    },
    /** What killed processes have left once somebody has held the lock in peace. */
    async leftovers() {
      await opened.store.lock(async () => undefined, AbortSignal.timeout(30_000))
      return (await room.leftovers?.()) ?? []
    },
    async end() {
      for (const worker of hired) worker.signal('SIGKILL')
      await Promise.all([...hired].map((worker) => worker.ended))
      await opened.close()
      await room.tearDown()
    },
  }
  return crew
}
