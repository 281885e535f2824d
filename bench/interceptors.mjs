// What attaching adds to a request with a valid token in memory: the request interceptors alone, origin and expiry checked, called as axios calls them.
import axios, { AxiosHeaders } from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { median } from './measure.mjs'
import { adapter, baseURL, farAway } from './wire.mjs'

const BATCH = 250

/** A config as axios hands it to its interceptors. */
async function configOf() {
  const api = axios.create({ baseURL, adapter: adapter(() => true) })
  let seen
  api.interceptors.request.use(
    (config) => ((seen = { ...config }), Object.setPrototypeOf(seen, Object.getPrototypeOf(config)), config),
  )
  await api.get('/item')
  return seen
}

export async function interceptors(rounds) {
  const api = axios.create({ baseURL })
  const session = attachOAuth(api, memoryStore({ access_token: 'a', refresh_token: 'r', expires_at: farAway }), {
    refresh: async () => ({ access_token: 'b' }),
  })
  await session.tokens()
  const [later, now] = api.interceptors.request.handlers
  const response = api.interceptors.response.handlers[0].fulfilled
  const model = await configOf()
  const configs = () =>
    Array.from({ length: BATCH }, (_, i) => {
      const config = Object.assign(Object.create(Object.getPrototypeOf(model)), model)
      return Object.assign(config, { url: `/item/${i}`, headers: new AxiosHeaders(model.headers) })
    })
  const times = { request: [], response: [], empty: [] }
  const perRequest = (work, list) => {
    const startedAt = process.hrtime.bigint()
    for (const item of list) work(item)
    return Number(process.hrtime.bigint() - startedAt) / BATCH
  }
  for (let round = 0; round < rounds * 300; round++) {
    const list = configs()
    times.empty.push(perRequest((config) => config.url, list))
    times.request.push(perRequest((config) => later.runWhen(config) === false && now.fulfilled(config), list))
    const answers = list.map((config) => ({ status: 200, config, headers: {}, data: '' }))
    times.response.push(perRequest(response, answers))
  }
  console.log('\nThe interceptors alone, a valid token in memory')
  // The first half warms up.
  const half = (list) => median(list.slice(list.length >> 1))
  console.log(`  request   ${half(times.request).toFixed(0)} ns, of these the loop ${half(times.empty).toFixed(0)} ns`)
  console.log(`  response  ${half(times.response).toFixed(0)} ns`)
}
