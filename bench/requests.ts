// CPU time of 10,000 concurrent requests, refused once or with the expiry known, against plain axios sending as many.
import axios from 'axios'
import { attachOAuth, memoryStore, type TokenResponse } from 'axios-attach-oauth'
import { interleave, print } from './measure.js'
import { withAuthRefresh, withFailedQueue, type Install } from './peers.js'
import { adapter, all, baseURL, carriesNew, farAway } from './adapter.js'

const N = 10_000
const refresh = async (): Promise<TokenResponse> => ({ access_token: 'new' })

function expect(answered: number, name: string): void {
  if (answered !== N) console.log(`  (${name}: only ${answered} of ${N} were answered)`)
}

async function plain(requests: number, refused: number): Promise<void> {
  let sent = 0
  const headers = { Authorization: 'Bearer new' }
  const api = axios.create({ baseURL, adapter: adapter(() => sent++ >= refused), headers })
  for (let rest = requests; rest > 0; rest -= N) await all(api, N)
}

async function attached(expires_at: number): Promise<void> {
  let sent = 0
  const api = axios.create({ baseURL, adapter: adapter((config) => (sent++, carriesNew(config))) })
  const session = attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r', expires_at }), { refresh })
  if (expires_at > 1) await session.tokens()
  expect(await all(api, N), 'attachOAuth')
  if (expires_at === 1 && sent !== N) throw new Error(`${sent} were sent`)
}

async function peer(install: Install, name: string): Promise<void> {
  const api = axios.create({ baseURL, adapter: adapter(carriesNew) })
  install(api, async () => 'new', 'old')
  expect(await all(api, N), name)
}

export async function requests(rounds: number): Promise<void> {
  const baseline = 'plain axios, 20,000 sent, half of them refused'
  const refused = await interleave(
    {
      [baseline]: () => plain(2 * N, N),
      attachOAuth: () => attached(farAway),
      'the copied isRefreshing + failedQueue': () => peer(withFailedQueue, 'failedQueue'),
      'axios-auth-refresh, the refresh shared by hand': () => peer(withAuthRefresh, 'axios-auth-refresh'),
      'the baseline again': () => plain(2 * N, N),
    },
    rounds,
  )
  print('10,000 concurrent requests, all refused once', refused, baseline, 'ms CPU')
  const sent = 'plain axios, 10,000 sent'
  const known = await interleave(
    {
      [sent]: () => plain(N, 0),
      'attachOAuth, with a refresh first': () => attached(1),
      'the baseline again': () => plain(N, 0),
    },
    rounds,
  )
  print('10,000 concurrent requests, the expiry known', known, sent, 'ms CPU')
}
