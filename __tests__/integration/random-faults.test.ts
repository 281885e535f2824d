import { Agent } from 'node:http'
import axios from 'axios'
import fc from 'fast-check'
import { memoryStore, type TokenStore } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { attach, type Client } from '../helpers/client.js'
import { json, lost, startWorld, type Fault, type World } from '../helpers/world.js'
import { runs } from '../model/runs.js'

// ── what may go wrong ───────────────────────────────────────────────────────────────────────────

const milliseconds = fc.integer({ min: 0, max: 8 })
const fine = fc.constant<Fault>({})
const cut = fc.record({
  cut: fc.record({ at: fc.integer({ min: 0, max: 340 }), by: fc.constantFrom('reset' as const, 'end' as const) }),
})
const late = fc.record({ before: milliseconds, after: milliseconds })
const slow = fc.record({ slow: fc.record({ bytes: fc.integer({ min: 40, max: 200 }), every: milliseconds }) })
const skewed = fc.record({ date: fc.constantFrom(600_000, -600_000, 'rubbish', null) })
const instead = (...answers: [number, string][]): fc.Arbitrary<Fault> =>
  fc.constantFrom(...answers.map(([status, body]) => ({ instead: { ...json(status, {}), body } })))
const mixed = (...faults: fc.Arbitrary<Fault>[]): fc.Arbitrary<Fault> =>
  fc
    .tuple(fc.oneof(...faults), fc.oneof<fc.Arbitrary<Fault>[]>(fine, late, slow, skewed))
    .map(([one, other]) => ({ ...other, ...one }))

const refusal = '{"error":"made_up"}'
const tokenFault = fc.oneof(
  { weight: 3, arbitrary: fine },
  {
    weight: 4,
    arbitrary: mixed(
      cut,
      late,
      slow,
      skewed,
      instead([503, ''], [429, ''], [500, '<html>'], [200, '{"access_tok'], [400, refusal]),
    ),
  },
  { weight: 1, arbitrary: fc.constant(lost) },
)
const resourceFault = fc.oneof(
  { weight: 3, arbitrary: fine },
  { weight: 3, arbitrary: mixed(cut, late, slow, instead([401, '{}'], [500, '{}'], [403, '{}'])) },
  { weight: 1, arbitrary: fc.constant(lost) },
)

/** So many requests at once. Before, access tokens may be revoked or a refresh be asked for; meanwhile, the callers of some may leave. */
const step = fc.record({
  requests: fc.integer({ min: 1, max: 4 }),
  before: fc.constantFrom('nothing', 'revoke', 'refresh'),
  leaving: fc.option(fc.integer({ min: 0, max: 8 })),
})

const program = fc.record({
  adapter: fc.constantFrom('http' as const, 'fetch' as const),
  transport: fc.constantFrom('fetch', 'axios'),
  tokenFaults: fc.array(tokenFault, { maxLength: 14 }),
  resourceFaults: fc.array(resourceFault, { maxLength: 24 }),
  steps: fc.array(step, { minLength: 4, maxLength: 10 }),
})
type Program = typeof program extends fc.Arbitrary<infer Value> ? Value : never

// ── running it ──────────────────────────────────────────────────────────────────────────────────

interface Sent {
  id: string
  outcome: Promise<unknown>
}

function clientOf(world: World, { adapter, transport }: Program, store: TokenStore): Client {
  const httpAgent = new Agent({ keepAlive: false })
  const via = transport === 'axios' ? { axios: axios.create({ httpAgent }) } : {}
  return attach(world, {
    store,
    refresh: refreshToken({ tokenEndpoint: world.tokenEndpoint, clientId: 'app', ...via }),
    retry: { limit: 3, delay: 4, maxRetryAfter: 100 },
    cooldown: { initial: 3, max: 3 },
    refreshLimit: { count: 1000, interval: 1000 },
    defaults: { adapter, httpAgent },
  })
}

/** A store that remembers which refresh tokens it was given, and how many token requests the server had seen by then. */
function remembering(world: World): TokenStore & { saved: Map<unknown, number> } {
  const saved = new Map<unknown, number>()
  const store = memoryStore(world.tokens)
  return {
    ...store,
    saved,
    write: (tokens, context) => {
      saved.set(tokens?.refresh_token, world.token.log.length)
      return store.write(tokens, context)
    },
  }
}

/** Waits until nothing is under way any more: a refresh goes on when the requests that waited for it have left. */
async function rest(world: World, { session }: Client): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve))
  while (session.getSnapshot().refreshing)
  await Promise.all([...world.token.log, ...world.seen].map(({ over }) => over))
  // The client learns that a connection is broken by what comes in next.
  await new Promise((resolve) => setTimeout(resolve, 10))
}

const successorOf = ({ answer, processed }: World['token']['log'][number]): unknown =>
  processed && answer?.status === 200 ? (JSON.parse(answer.body ?? '{}') as { refresh_token: string }).refresh_token : undefined

function checkTokenEndpoint(world: World, saved: Map<unknown, number>): void {
  const { log } = world.token
  for (const [i, entry] of log.entries()) {
    const successor = successorOf(entry)
    if (successor === undefined) continue
    const again = log.findIndex(({ refreshToken }, j) => j > i && refreshToken === entry.refreshToken)
    // Spent, and presented again: only where the answer has never arrived.
    if (again >= 0) expect([entry.outcome, saved.get(successor)]).toEqual(['cut', undefined])
    // Arrived, and kept before anything else was asked.
    if (entry.outcome === 'answered') expect(saved.get(successor)).toBe(i + 1)
  }
}

function checkResourceServer(world: World): void {
  const sendings = new Map<string, number>()
  for (const { id } of world.seen) sendings.set(id, (sendings.get(id) ?? 0) + 1)
  expect(Math.max(0, ...sendings.values())).toBeLessThanOrEqual(2)
  // A request that was served is not sent again.
  const served = world.seen.filter(({ answer }) => answer?.status === 200).map(({ id }) => id)
  expect(served).toEqual([...new Set(served)])
  for (const id of served) expect(world.seen.filter((seen) => seen.id === id).at(-1)?.answer?.status).toBe(200)
}

async function run(chosen: Program): Promise<void> {
  const world = await startWorld()
  try {
    const store = remembering(world)
    const client = clientOf(world, chosen, store)
    const { api, session } = client
    for (const fault of chosen.tokenFaults) world.token.faults.once(fault)
    for (const fault of chosen.resourceFaults) world.resource.faults.once(fault)
    const sent: Sent[] = []
    const send = async (id: string, signal?: AbortSignal): Promise<unknown> =>
      (await api.post(`/${id}`, { id }, { headers: { 'x-request-id': id }, ...(signal && { signal }) })).data

    for (const { requests, before, leaving } of chosen.steps) {
      if (before === 'revoke') world.revokeAccessTokens()
      const refreshed = before === 'refresh' ? session.refresh().catch((error: unknown) => error) : undefined
      for (let i = 0; i < requests; i++) {
        const id = `r${sent.length}`
        const signal = i === 0 && leaving !== null ? AbortSignal.timeout(leaving) : undefined
        sent.push({ id, outcome: send(id, signal).catch((error: unknown) => error) })
      }
      await Promise.all([refreshed, ...sent.map(({ outcome }) => outcome)])
    }
    for (const { id, outcome } of sent) {
      const answer = await outcome
      if (answer instanceof Error) continue
      expect(answer).toMatchObject({ id, url: `/${id}` })
    }

    world.token.faults.clear()
    world.resource.faults.clear()
    await rest(world, client)
    checkTokenEndpoint(world, store.saved)
    checkResourceServer(world)
    const refusals = world.token.log.filter(({ processed, answer }) => processed && answer?.status === 400)
    if (refusals.some(({ outcome }) => outcome === 'answered')) expect(session.getSnapshot().status).toBe('signed_out')
    if (refusals.length === 0) expect(session.getSnapshot().status).toBe('signed_in')

    const signedIn = await session.refresh().then(
      () => true,
      () => false,
    )
    // A refresh token whose answer was lost can't come back to life.
    if (!signedIn) await session.signIn(world.token.signIn())
    const answers = await Promise.all(['end1', 'end2', 'end3'].map((id) => send(id)))
    expect(answers).toMatchObject([{ id: 'end1' }, { id: 'end2' }, { id: 'end3' }])
    await rest(world, client)
    checkTokenEndpoint(world, store.saved)
    checkResourceServer(world)
  } finally {
    await world.close()
  }
}

describe('random faults on both servers', () => {
  it('make no refresh token come twice whose answer arrived, no request three times, no answer go astray, nobody wait for ever; and once they end, all goes on', async () => {
    await fc.assert(
      fc.asyncProperty(program, (chosen) => run(chosen)),
      { ...runs(50), timeout: 20_000, endOnFailure: process.env.MODEL_RUNS === undefined },
    )
  }, 3_600_000)
})
