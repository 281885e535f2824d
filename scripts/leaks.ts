// 100,000 requests through a hundred refreshes, all with one AbortSignal: no object, timer or listener remains. Prints one line of JSON.
//   tsx --tsconfig scripts/tsconfig.run.json --expose-gc scripts/leaks.ts        (after npm run build)
import axios, { type AxiosResponse } from 'axios'
import { attachOAuth, memoryStore, type TokenResponse } from 'axios-attach-oauth'
import { getEventListeners } from 'node:events'
import v8 from 'node:v8'

const REFRESHES = 100
const AT_ONCE = 500

let issued = 0
const token = (): TokenResponse => ({ access_token: `a${issued}`, refresh_token: `r${issued}`, expires_in: 3600 })
const api = axios.create({
  baseURL: 'https://api.example.com',
  async adapter(config) {
    await null
    const status = config.headers.Authorization === `Bearer a${issued}` ? 200 : 401
    const response = { data: '{}', status, statusText: '', headers: {}, config, request: null }
    if (status === 200) return response
    throw new axios.AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  },
})
const session = attachOAuth(api, memoryStore({ ...token() }), {
  refresh: async () => token(),
  refreshLimit: { count: 1e9, interval: 1 },
})
const { signal } = new AbortController()

/** Half of the requests meet the old token, half the new one. */
async function round(): Promise<void> {
  const requests = (n: number): Promise<AxiosResponse>[] =>
    Array.from({ length: n }, () => api.get('/x', { signal, timeout: 600_000 }))
  await Promise.all(requests(AT_ONCE))
  issued++
  await Promise.all(requests(AT_ONCE))
}

async function measure() {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
  // Missing from the types of Node 20.
  const { queryObjects } = v8 as unknown as { queryObjects(kind: unknown, options: { format: 'count' }): number }
  const count = (kind: unknown): number => queryObjects(kind, { format: 'count' })
  return {
    heap: process.memoryUsage().heapUsed,
    listeners: getEventListeners(signal, 'abort').length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    maps: count(Map) + count(Set),
    promises: count(Promise),
    configs: count(axios.AxiosHeaders),
  }
}

for (let i = 0; i < 40; i++) await round()
const before = await measure()
const refreshesBefore = issued
for (let i = 0; i < REFRESHES; i++) await round()
const after = await measure()

// Instances that are attached and then dropped without `detach()`.
const service = memoryStore({ access_token: 'made-up' })
const dropped: WeakRef<object>[] = []
for (let i = 0; i < 100; i++) {
  const instance = axios.create({ baseURL: 'https://api.example.com' })
  attachOAuth(instance, service, { refresh: false })
  dropped.push(new WeakRef(instance))
}
await measure()
const kept = dropped.filter((reference) => reference.deref()).length

const snapshot = session.getSnapshot()
console.log(
  JSON.stringify({
    requests: REFRESHES * AT_ONCE * 2,
    refreshes: issued - refreshesBefore,
    generation: snapshot.status === 'signed_in' ? snapshot.generation : undefined,
    before,
    after,
    kept,
  }),
)
