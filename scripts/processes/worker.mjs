// One of several processes that share a store: sends requests all the time until it is told to stop, then says how they were answered. It is told 'begin' (where its task says
// `idle`), 'gate' and 'go' (whether it goes on once it has the lock), 'report' and 'stop'; it tells `ready`, `holding`, the `event`s of its session and its `answers`.
import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'

const { storeModule, place, tokenEndpoint, apiUrl, clientId, streams, pause, idle } = JSON.parse(process.argv[2])
const { open } = await import(storeModule)
const { store, close } = await open(place)
const tell = (message) => process.connected && process.send(message)

/** Something that is waited for as long as it is shut. */
function gate(shut) {
  let open
  let passed
  const turn = (closed) => {
    if (closed) passed = new Promise((resolve) => (open = resolve))
    else open?.()
  }
  turn(shut)
  return { turn, pass: () => passed }
}
const begun = gate(idle)
const underLock = gate(false)
let stopping = false
/** How requests were answered, by status or by the code of the error. */
const answers = {}

const orders = {
  begin: () => begun.turn(false),
  gate: () => underLock.turn(true),
  go: () => underLock.turn(false),
  report: () => tell({ answers }),
  stop: () => (stopping = true),
}
process.on('message', (order) => orders[order]())
process.on('disconnect', () => process.exit())

/** The store, which says when its lock is held. */
const watched = {
  ...store,
  lock: (run, signal) =>
    store.lock(async (lost) => {
      tell({ holding: true })
      try {
        await underLock.pass()
        return await run(lost)
      } finally {
        tell({ holding: false })
      }
    }, signal),
}

const api = axios.create({ baseURL: apiUrl })
// What the limit is against, an API that rejects everything, doesn't happen here; tokens that live a fraction of a second would look like it.
const session = attachOAuth(api, watched, {
  refresh: refreshToken({ tokenEndpoint, clientId }),
  refreshLimit: { count: 1000, interval: 1000 },
})
for (const event of ['signed_out', 'adopted', 'unpersisted']) session.on(event, () => tell({ event }))

const count = (answer) => (answers[answer] = (answers[answer] ?? 0) + 1)

async function stream() {
  await begun.pass()
  while (!stopping) {
    await api.get('/item').then(
      ({ status }) => count(status),
      (error) => {
        if (!error.code) console.error(error)
        count(isOAuthError(error) ? error.code : (error.response?.status ?? error.code ?? error.message))
      },
    )
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
  }
}

tell({ ready: true })
await Promise.all(Array.from({ length: streams }, stream))
// Nobody waits for a refresh in the background, but its answer must not die with this process.
while (session.getSnapshot().refreshing) await new Promise((resolve) => setTimeout(resolve, 5))
session.detach()
await close()
process.send({ answers }, () => process.exit())
