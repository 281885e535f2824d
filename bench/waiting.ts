// How the cost grows with the number of requests that wait, and the memory of one of them.
import axios, { type AxiosInstance } from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { cpu, median } from './measure.js'
import { adapter, all, baseURL, carriesNew } from './adapter.js'

interface Stalled {
  api: AxiosInstance
  release(): void
}

function stalled(): Stalled {
  let release!: () => void
  const gate = new Promise<void>((resolve) => (release = resolve))
  const api = axios.create({ baseURL, adapter: adapter(carriesNew) })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), {
    refresh: async () => (await gate, { access_token: 'new' }),
  })
  return { api, release }
}

async function settle(n: number): Promise<void> {
  const { api, release } = stalled()
  const done = all(api, n)
  await new Promise((resolve) => setTimeout(resolve, 0))
  release()
  if ((await done) !== n) throw new Error('not all were answered')
}

async function baseline(n: number): Promise<void> {
  await all(axios.create({ baseURL, adapter: adapter(() => true) }), n)
}

async function bytes(n: number, make: () => Stalled): Promise<number> {
  globalThis.gc!()
  const before = process.memoryUsage().heapUsed
  const { api, release } = make()
  const done = all(api, n)
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc!()
  const used = process.memoryUsage().heapUsed - before
  release()
  await done
  return used / n
}

/** Plain axios with an adapter that waits: the memory that any request under way needs. */
function plainStalled(): Stalled {
  let release!: () => void
  const gate = new Promise<void>((resolve) => (release = resolve))
  const answer = adapter(() => true)
  return { api: axios.create({ baseURL, adapter: async (config) => (await gate, answer(config)) }), release }
}

export async function waiting(rounds: number): Promise<void> {
  const sizes = [1_000, 10_000, 100_000]
  const times: number[][] = sizes.map(() => [])
  const baselines: number[][] = sizes.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, n] of sizes.entries()) {
      // As many requests in all for each size, so that each is measured equally well.
      const repeats = Math.max(1, 20_000 / n)
      const run = (work: (n: number) => Promise<void>) => async (): Promise<void> => {
        for (let repeat = 0; repeat < repeats; repeat++) await work(n)
      }
      globalThis.gc!()
      const [time, plain] = [(await cpu(run(settle))) / repeats, (await cpu(run(baseline))) / repeats]
      if (round === 0) continue
      times[i]!.push(time)
      baselines[i]!.push(plain)
    }
  }
  console.log('\nRequests that wait for one refresh and are sent again')
  const exponent = (lists: number[][]): number =>
    Math.log10(median(lists.at(-1)!) / median(lists[0]!)) / Math.log10(sizes.at(-1)! / sizes[0]!)
  sizes.forEach((n, i) =>
    console.log(
      `  ${String(n).padStart(7)}  ${median(times[i]!).toFixed(1).padStart(8)} ms CPU   plain axios ${median(baselines[i]!).toFixed(1).padStart(8)}`,
    ),
  )
  console.log(
    `  growth from 1,000 to 100,000: exponent ${exponent(times).toFixed(3)}, of plain axios ${exponent(baselines).toFixed(3)}`,
  )
  const [ours, plain] = [await bytes(20_000, stalled), await bytes(20_000, plainStalled)]
  console.log(`  a waiting request needs ${(ours / 1024).toFixed(2)} KB, one of plain axios ${(plain / 1024).toFixed(2)} KB`)
}
