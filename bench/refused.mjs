// CPU time of 10,000 concurrent requests that are all refused once, against plain axios sending the same 20,000. Interleaved rounds, medians; the row
// that repeats the floor shows the noise. `npm run bench`
import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'

const N = 10_000
const ROUNDS = 9
const far = Math.floor(Date.now() / 1000) + 36_000

const answer = (config, status) => ({
  data: '{"ok":true}',
  status,
  statusText: '',
  headers: { 'content-type': 'application/json' },
  config,
  request: null,
})
/** Settles as a real adapter does; refuses what doesn't carry the present token. */
function adapter(accepts) {
  return async (config) => {
    await null
    const response = answer(config, accepts(config) ? 200 : 401)
    if (config.validateStatus(response.status)) return response
    throw new axios.AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }
}
const all = (api, n) => Promise.all(Array.from({ length: n }, (_, i) => api.get(`/item/${i}`).catch(() => undefined)))

const contenders = {
  'floor: plain axios, 20,000 sent, half of them refused': async () => {
    let sent = 0
    const api = axios.create({
      baseURL: 'https://api.example.com',
      adapter: adapter(() => sent++ >= N),
      headers: { Authorization: 'Bearer a' },
    })
    await all(api, N)
    await all(api, N)
  },
  'attachOAuth, 10,000 refused once': async () => {
    const api = axios.create({
      baseURL: 'https://api.example.com',
      adapter: adapter((config) => config.headers.Authorization === 'Bearer new'),
    })
    const session = attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r', expires_at: far }), {
      refresh: async () => ({ access_token: 'new' }),
    })
    await session.tokens()
    await all(api, N)
  },
  'attachOAuth, 10,000 with the expiry known (sent once)': async () => {
    const api = axios.create({
      baseURL: 'https://api.example.com',
      adapter: adapter((config) => config.headers.Authorization === 'Bearer new'),
    })
    attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r', expires_at: 1 }), {
      refresh: async () => ({ access_token: 'new' }),
    })
    await all(api, N)
  },
  'plain axios, 10,000 sent': async () => {
    await all(
      axios.create({ baseURL: 'https://api.example.com', adapter: adapter(() => true), headers: { Authorization: 'Bearer a' } }),
      N,
    )
  },
}
contenders['the floor again'] = Object.values(contenders)[0]

const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of Object.entries(contenders)) {
    const before = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(before)
    if (round > 0) times[name].push((user + system) / 1000)
  }
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1]
const floor = median(times[Object.keys(contenders)[0]])
for (const [name, list] of Object.entries(times)) {
  const middle = median(list)
  console.log(
    `${name.padEnd(56)} ${middle.toFixed(0).padStart(5)} ms CPU (${list[0].toFixed(0)} to ${list.at(-1).toFixed(0)})  × ${(middle / floor).toFixed(2)}`,
  )
}
