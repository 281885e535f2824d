// Random traffic for a while: tokens that live 400 ms, a quarter of the requests aborted, the token endpoint failing half of the time.
//   npm run soak -- --seconds 60
// Fails on a wrong answer, a refresh token that was used twice, a sign-out, or a refresh without an expiry.
import axios from 'axios'
import { attachOAuth, memoryStore, type RefreshFunction } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { parseArgs } from 'node:util'
import { startRotatingServer } from './servers/start.js'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, rate: { type: 'string', default: '400' } },
})
const [seconds, rate] = [Number(values.seconds), Number(values.rate)]

const LIFETIME = 400
const servers = await startRotatingServer({ lifetime: LIFETIME, tokenLatency: 20, failing: 0.5, apiLatency: 4 })

const api = axios.create({ baseURL: servers.apiUrl })

/** The smallest part of its lifetime that an access token had been valid for when it was replaced, counted from the token request. */
let youngest = Infinity
const askedAt = new Map<unknown, number>()
const grant = refreshToken({ tokenEndpoint: servers.tokenEndpoint, clientId: 'soak' })
const refresh: RefreshFunction = async (tokens, context) => {
  const now = performance.now()
  const since = askedAt.get(tokens?.access_token)
  if (since !== undefined) youngest = Math.min(youngest, (now - since) / LIFETIME)
  const answer = await grant(tokens, context)
  if (answer) askedAt.set(answer.access_token, now)
  return answer
}

const session = attachOAuth(api, memoryStore({ ...(await servers.mint()) }), {
  refresh,
  retry: { limit: 8, delay: 20, maxRetryAfter: 1000 },
  cooldown: { initial: 50, max: 200 },
})

const outcomes = { right: 0, wrong: 0, aborted: 0, unavailable: 0, expiredOnTheWay: 0, other: [] as string[] }
let signedOut = 0
session.on('signed_out', () => signedOut++)

async function request(i: number): Promise<void> {
  const path = `/item/${i}`
  const abort = Math.random() < 0.25
  const controller = new AbortController()
  if (abort) setTimeout(() => controller.abort(), Math.random() * 4)
  const kind = Math.random()
  try {
    const { data } =
      kind < 0.5
        ? await api.get(path, { signal: controller.signal })
        : await api.post(path, { i }, { signal: controller.signal, timeout: 30_000 })
    if (data.url === path) outcomes.right++
    else outcomes.wrong++
  } catch (thrown) {
    const error = thrown as { code?: string; message: string; response?: { data: { isExpired?: boolean } } }
    if (abort && axios.isCancel(thrown)) outcomes.aborted++
    else if (error.code === 'OAUTH_REFRESH_UNAVAILABLE') outcomes.unavailable++
    else if (error.response?.data.isExpired) outcomes.expiredOnTheWay++
    else outcomes.other.push(`${error.code} ${error.message}`)
  }
}

/** The longest time of a request without the package: on a busy machine a token may expire while it is sent, both times. */
let slowest = 0
async function probe(): Promise<void> {
  const startedAt = performance.now()
  await axios.get(`${servers.apiUrl}/_counts`)
  slowest = Math.max(slowest, performance.now() - startedAt)
}
const probing = setInterval(() => void probe(), 20)

const startedAt = performance.now()
const running: Promise<void>[] = []
for (let sent = 0; performance.now() - startedAt < seconds * 1000;) {
  const due = ((performance.now() - startedAt) / 1000) * rate
  while (sent < due) running.push(request(sent++))
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
}
await Promise.all(running)
clearInterval(probing)
const elapsed = (performance.now() - startedAt) / 1000
const counts = await servers.counts()
await servers.stop()

const snapshot = session.getSnapshot()
const figures = {
  seconds: Math.round(elapsed),
  requestsPerSecond: Math.round(running.length / elapsed),
  outcomes: { ...outcomes, other: outcomes.other.slice(0, 5), others: outcomes.other.length },
  slowest: Math.round(slowest),
  signedOut,
  refreshes: counts.refreshed,
  youngest,
  reused: counts.refreshTokensReused,
  mostGrantsAtOnce: counts.mostGrantsAtOnce,
  unavailable: counts.unavailable,
  generations: snapshot.status === 'signed_in' ? snapshot.generation : undefined,
}
console.log(JSON.stringify(figures))
const passed =
  (outcomes.expiredOnTheWay === 0 || slowest > LIFETIME / 4) &&
  outcomes.wrong + outcomes.other.length + signedOut + figures.reused === 0 &&
  figures.mostGrantsAtOnce === 1 &&
  figures.youngest > 0.79 &&
  figures.refreshes > 0 &&
  figures.generations === figures.refreshes + 1
process.exitCode = passed ? 0 : 1
