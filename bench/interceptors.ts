// The cost that attaching adds to a request with a valid token in memory: the interceptors alone, called as axios calls them.
import axios, { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { median } from './measure.js'
import { adapter, baseURL, farAway } from './adapter.js'

const BATCH = 250

type Config = InternalAxiosRequestConfig
interface Handler {
  runWhen(config: Config): boolean
  fulfilled(value: unknown): unknown
}

/** A config as axios passes it to its interceptors. */
async function configOf(): Promise<Config> {
  const api = axios.create({ baseURL, adapter: adapter(() => true) })
  let seen: Config | undefined
  api.interceptors.request.use((config) => {
    seen = Object.assign(Object.create(Object.getPrototypeOf(config) as object | null) as Config, config)
    return config
  })
  await api.get('/item')
  return seen!
}

export async function interceptors(rounds: number): Promise<void> {
  const api = axios.create({ baseURL })
  const session = attachOAuth(api, memoryStore({ access_token: 'a', refresh_token: 'r', expires_at: farAway }), {
    refresh: async () => ({ access_token: 'b' }),
  })
  await session.tokens()
  // Not in axios' types.
  const handlersOf = (manager: object): Handler[] => (manager as { handlers: Handler[] }).handlers
  const [later, now] = handlersOf(api.interceptors.request) as [Handler, Handler]
  const response = handlersOf(api.interceptors.response)[0]!.fulfilled
  const model = await configOf()
  const configs = (): Config[] =>
    Array.from({ length: BATCH }, (_, i) => {
      const config = Object.assign(Object.create(Object.getPrototypeOf(model) as object | null) as Config, model)
      return Object.assign(config, { url: `/item/${i}`, headers: new AxiosHeaders(model.headers) })
    })
  const times = { request: [] as number[], response: [] as number[], empty: [] as number[] }
  const perRequest = <Item>(work: (item: Item) => unknown, list: Item[]): number => {
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
  const half = (list: number[]): number => median(list.slice(list.length >> 1))
  console.log(`  request   ${half(times.request).toFixed(0)} ns, of these the loop ${half(times.empty).toFixed(0)} ns`)
  console.log(`  response  ${half(times.response).toFixed(0)} ns`)
}
