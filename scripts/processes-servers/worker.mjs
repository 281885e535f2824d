// One of several processes that share a store: sends requests all the time until it is told to stop, then says how they were answered.
import axios from 'axios'
import { attachOAuth, isOAuthError } from '../../dist/index.js'
import { refreshToken } from '../../dist/grants.js'
import { stores } from './stores.mjs'

const { name, place, tokenEndpoint, apiUrl, clientId, streams, pause } = JSON.parse(process.argv[2])
const { store, close } = await stores[name].open(place)
const api = axios.create({ baseURL: apiUrl })
const session = attachOAuth(api, store, {
  refresh: refreshToken({ tokenEndpoint, clientId }),
  // What the limit is against, an API that rejects everything, doesn't happen here; tokens that live a fraction of a second would look like it.
  refreshLimit: { flights: 1000, within: 1000 },
})
session.on('refresh_started', () => process.send?.({ refreshing: true }))

/** How requests were answered, by status or by the code of the error. */
const answers = {}
const count = (answer) => (answers[answer] = (answers[answer] ?? 0) + 1)
let stopping = false

async function stream() {
  while (!stopping) {
    await api.get('/item').then(
      ({ status }) => count(status),
      (error) => count(isOAuthError(error) ? error.code : (error.response?.status ?? error.code ?? error.message)),
    )
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
  }
}

process.on('message', (message) => {
  if (message === 'stop') stopping = true
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
await Promise.all(Array.from({ length: streams }, stream))
session.detach()
await close()
process.send({ answers }, () => process.exit())
