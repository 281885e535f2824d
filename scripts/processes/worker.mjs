// One of several processes that share a store: sends requests all the time until it is told to stop, then says how they were answered.
import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'

const { storeModule, place, tokenEndpoint, apiUrl, clientId, streams, pause } = JSON.parse(process.argv[2])
const { open } = await import(storeModule)

const api = axios.create({ baseURL: apiUrl })
// What the limit is against, an API that rejects everything, doesn't happen here; tokens that live a fraction of a second would look like it.
const session = attachOAuth(api, await open(place), {
  refresh: refreshToken({ tokenEndpoint, clientId }),
  refreshLimit: { flights: 1000, within: 1000 },
})

/** How requests were answered, by status or by the code of the error. */
const answers = {}
const count = (answer) => (answers[answer] = (answers[answer] ?? 0) + 1)
let stopping = false

async function stream() {
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

process.on('message', () => (stopping = true))
process.on('disconnect', () => process.exit())
process.send({ ready: true })
await Promise.all(Array.from({ length: streams }, stream))
// Nobody waits for a refresh in the background, but its answer must not die with this process.
while (session.getSnapshot().refreshing) await new Promise((resolve) => setTimeout(resolve, 5))
process.send({ answers }, () => process.exit())
