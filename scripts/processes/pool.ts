// Starts and ends the processes that share a store.
import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { programOf } from '../bundle.js'
import { loadStore, type SetUpOptions, type StoreName, type StoreSetup } from '../stores/index.js'
import type { MintedTokens } from '../servers/start.js'
import { until } from './waiting.js'
import type { Answers, Message, Order, Task } from './worker.js'

/** The servers that a pool needs. */
export interface PoolServer {
  tokenEndpoint: string
  apiUrl: string
  mint(): Promise<MintedTokens>
}

/** Adds the answers of `more` to those of `sum`. */
export function addAnswers(sum: Answers, more: Answers): Answers {
  for (const [answer, times] of Object.entries(more)) sum[answer] = (sum[answer] ?? 0) + times
  return sum
}

/** One process, started. It dies with this one. */
export class Worker {
  readonly clientId: string
  readonly ready: Promise<void>
  /** Its last messages come after its death. */
  readonly ended: Promise<unknown>
  /** How often its session has emitted each event. */
  readonly events: Record<string, number> = {}
  readonly #child: ChildProcess
  readonly #messages = new EventEmitter()
  #holding = false
  #answers: Answers | undefined

  constructor(program: string, task: Task) {
    this.clientId = task.clientId
    const child = fork(program, [JSON.stringify(task)], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    this.ready = new Promise((resolve, reject) => {
      this.#messages.once('ready', () => resolve())
      child.once('error', reject).once('exit', () => reject(new Error('a process ended before it was ready')))
    })
    this.ready.catch(() => undefined)
    child.on('message', (message: Message) => this.#take(message))
    this.ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  }

  #take(message: Message): void {
    if (message.holding !== undefined) this.#holding = message.holding
    if (message.event) this.events[message.event] = (this.events[message.event] ?? 0) + 1
    if (message.answers) this.#answers = message.answers
    for (const what of Object.keys(message)) this.#messages.emit(what)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Whether it has the lock, by its last message. */
  get isHolding(): boolean {
    return this.#holding
  }

  /** Resolves as soon as it has the lock. */
  async holds(): Promise<void> {
    while (!this.#holding) await once(this.#messages, 'holding')
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  say(order: Order): void {
    this.#child.send(order)
  }

  /** Its answers so far. */
  async report(): Promise<Answers> {
    this.say('report')
    await once(this.#messages, 'answers')
    return this.#answers!
  }

  /** Lets it end by itself, and resolves with its answers. */
  async stop(): Promise<Answers> {
    this.#answers = undefined
    this.say('stop')
    await this.ended
    if (!this.#answers) throw new Error(`${this.clientId} has ended without its answers`)
    return this.#answers
  }
}

export interface PoolOptions {
  store: StoreName
  /** For the store's `setUp`. */
  options?: SetUpOptions
  server: PoolServer
  /** Overrides the task of each process. */
  task?: Partial<Task>
  /** The client id of the process that is started as number `i`. */
  clientOf?: (i: number) => string
}

/** Processes over one store, which ask `server` for tokens. */
export class Pool {
  readonly setup: StoreSetup
  /** The processes that work, by process id. */
  readonly ready = new Map<number, Worker>()
  readonly #start: (i: number) => Worker
  readonly #started = new Set<Worker>()
  readonly #opened: Awaited<ReturnType<typeof openStore>>
  readonly #server: PoolServer
  #count = 0

  private constructor(opened: Awaited<ReturnType<typeof openStore>>, server: PoolServer, start: (i: number) => Worker) {
    this.setup = opened.setup
    this.#opened = opened
    this.#server = server
    this.#start = start
  }

  static async open({ store, options = {}, server, task = {}, clientOf = (i) => `client-${i}` }: PoolOptions): Promise<Pool> {
    const program = await programOf('processes/worker.ts')
    const opened = await openStore(store, options)
    const { tokenEndpoint, apiUrl } = server
    const usual = { storeName: store, address: opened.setup.address, tokenEndpoint, apiUrl, streams: 2, pause: 10, idle: false }
    return new Pool(opened, server, (i) => new Worker(program, { ...usual, clientId: clientOf(i), ...task }))
  }

  /** Starts one more process; resolves once it works. */
  async add(): Promise<void> {
    const worker = this.#start(this.#count++)
    this.#started.add(worker)
    void worker.ended.then(() => this.#started.delete(worker))
    await worker.ready
    this.ready.set(worker.pid, worker)
  }

  async start(processes: number): Promise<void> {
    await Promise.all(Array.from({ length: processes }, () => this.add()))
  }

  /** Stores a token set of a new grant. */
  async signIn(): Promise<void> {
    await this.#opened.store.write({ ...(await this.#server.mint()) }, { mode: 'set', replacing: undefined })
  }

  workers(): Worker[] {
    return [...this.ready.values()]
  }

  say(order: Order): void {
    for (const worker of this.workers()) worker.say(order)
  }

  workerOf(clientId: string): Worker {
    const found = this.workers().find((worker) => worker.clientId === clientId)
    if (!found) throw new Error(`${clientId} is not one of the processes`)
    return found
  }

  /** Resolves with the first that has the lock. */
  holder(): Promise<Worker> {
    return Promise.race(this.workers().map((worker) => worker.holds().then(() => worker)))
  }

  /** Resolves once each of `workers` has had one more request served. */
  async allServed(workers = this.workers()): Promise<void> {
    const served = async (worker: Worker): Promise<number> => (await worker.report())[200] ?? 0
    const before = await Promise.all(workers.map(served))
    for (const [i, worker] of workers.entries())
      await until(`${worker.clientId} is served`, 30, async () => (await served(worker)) > before[i]!)
  }

  /** Lets all processes end by themselves; resolves with their answers. */
  async stop(): Promise<Answers> {
    await Promise.all([...this.#started].map(({ ready }) => ready))
    return (await Promise.all(this.workers().map((worker) => worker.stop()))).reduce(addAnswers, {})
  }

  /** Files that killed processes have left after the lock was taken and released once more. */
  async leftovers(): Promise<string[]> {
    await this.#opened.store.lock(async () => undefined, AbortSignal.timeout(30_000))
    return (await this.setup.leftovers?.()) ?? []
  }

  async close(): Promise<void> {
    for (const worker of this.#started) worker.signal('SIGKILL')
    await Promise.all([...this.#started].map(({ ended }) => ended))
    await this.#opened.close()
    await this.setup.tearDown()
  }
}

async function openStore(name: StoreName, options: SetUpOptions) {
  const { setUp, open } = await loadStore(name)
  const setup = await setUp(options)
  return { setup, ...(await open(setup.address)) }
}
