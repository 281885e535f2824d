// One of several processes that share a store: sends requests until it is told to stop.
import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { sharedStore, type SharedTokenStore } from 'axios-attach-oauth/shared'
import { loadStore, type StoreAddress, type StoreName } from '../stores/index.js'

/** What a worker is started with. */
export interface Task {
  storeName: StoreName
  address: StoreAddress
  tokenEndpoint: string
  apiUrl: string
  clientId: string
  /** How many requests are under way at a time. */
  streams: number
  /** The mean pause between two requests of a stream, in milliseconds. */
  pause: number
  /** Sends nothing until `begin`. */
  idle: boolean
}
/** `gate` and `go`: whether a worker that gets the lock waits, or goes on. */
export type Order = 'begin' | 'gate' | 'go' | 'report' | 'stop'
/** How requests were answered, by status or by the code of the error. */
export type Answers = Record<string, number>
/** What a worker tells: one member at a time. */
export interface Message {
  ready?: true
  holding?: boolean
  event?: string
  answers?: Answers
}

const task = JSON.parse(process.argv[2]!) as Task
const { open } = await loadStore(task.storeName)
const { store, close } = await open(task.address)
const tell = (message: Message): unknown => process.connected && process.send?.(message)

interface Gate {
  turn(closed: boolean): void
  pass(): Promise<void> | undefined
}
/** A point that is waited at while it is closed. */
function gate(closed: boolean): Gate {
  let open: (() => void) | undefined
  let passed: Promise<void> | undefined
  const turn = (shut: boolean): void => {
    if (shut) passed = new Promise((resolve) => (open = resolve))
    else open?.()
  }
  turn(closed)
  return { turn, pass: () => passed }
}
const begun = gate(task.idle)
const underLock = gate(false)
let stopping = false
const answers: Answers = {}

const orders: Record<Order, () => unknown> = {
  begin: () => begun.turn(false),
  gate: () => underLock.turn(true),
  go: () => underLock.turn(false),
  report: () => tell({ answers }),
  stop: () => (stopping = true),
}
process.on('message', (order: Order) => orders[order]())
process.on('disconnect', () => process.exit())

/** Tells when this process has the lock of the store. */
const lock: SharedTokenStore['lock'] = (run, signal) =>
  store.lock(async (lost) => {
    tell({ holding: true })
    try {
      await underLock.pass()
      return await run(lost)
    } finally {
      tell({ holding: false })
    }
  }, signal)

const api = axios.create({ baseURL: task.apiUrl })
const session = attachOAuth(api, sharedStore({ ...store, lock }), {
  refresh: refreshToken({ tokenEndpoint: task.tokenEndpoint, clientId: task.clientId }),
  // Tokens that live a fraction of a second look like an API that rejects everything.
  refreshLimit: { count: 1000, interval: 1000 },
})
for (const event of ['signed_out', 'adopted', 'unpersisted'] as const) session.on(event, () => tell({ event }))

const count = (answer: string | number): void => void (answers[answer] = (answers[answer] ?? 0) + 1)

async function stream(): Promise<void> {
  await begun.pass()
  while (!stopping) {
    await api.get('/item').then(
      ({ status }) => count(status),
      (error: Error & { code?: string; response?: { status: number } }) => {
        if (!error.code) console.error(error)
        count(isOAuthError(error) ? error.code : (error.response?.status ?? error.code ?? error.message))
      },
    )
    await new Promise((resolve) => setTimeout(resolve, task.pause * (0.5 + Math.random())))
  }
}

tell({ ready: true })
await Promise.all(Array.from({ length: task.streams }, stream))
// A refresh in the background has no waiting request, but its answer must be stored before this process ends.
while (session.getSnapshot().refreshing) await new Promise((resolve) => setTimeout(resolve, 5))
session.detach()
await close()
process.send?.({ answers } satisfies Message, () => process.exit())
