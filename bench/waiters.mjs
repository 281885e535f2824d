// How the cost grows with the number of requests that wait, and what one of them holds in memory.
import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { cpu, median } from './measure.mjs'
import { adapter, all, baseURL, carriesNew } from './wire.mjs'

function stalled() {
  let release
  const gate = new Promise((resolve) => (release = resolve))
  const api = axios.create({ baseURL, adapter: adapter(carriesNew) })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), {
    refresh: async () => (await gate, { access_token: 'new' }),
  })
  return { api, release }
}

async function waiting(n) {
  const { api, release } = stalled()
  const done = all(api, n)
  await new Promise((resolve) => setTimeout(resolve, 0))
  release()
  if ((await done) !== n) throw new Error('not all were answered')
}

async function floor(n) {
  await all(axios.create({ baseURL, adapter: adapter(() => true) }), n)
}

async function bytes(n, make) {
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const { api, release } = make()
  const done = all(api, n)
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc()
  const held = process.memoryUsage().heapUsed - before
  release()
  await done
  return held / n
}

/** Plain axios, whose adapter waits: what a request under way holds anyway. */
function plainStalled() {
  let release
  const gate = new Promise((resolve) => (release = resolve))
  const answer = adapter(() => true)
  return { api: axios.create({ baseURL, adapter: async (config) => (await gate, answer(config)) }), release }
}

export async function waiters(rounds) {
  const sizes = [1_000, 10_000, 100_000]
  const times = sizes.map(() => [])
  const floors = sizes.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, n] of sizes.entries()) {
      // As many requests in all for each size, so that each is measured equally well.
      const repeats = Math.max(1, 20_000 / n)
      const run = (work) => async () => {
        for (let repeat = 0; repeat < repeats; repeat++) await work(n)
      }
      globalThis.gc()
      const [time, plain] = [(await cpu(run(waiting))) / repeats, (await cpu(run(floor))) / repeats]
      if (round === 0) continue
      times[i].push(time)
      floors[i].push(plain)
    }
  }
  console.log('\nRequests that wait for one refresh and are sent again')
  const exponent = (lists) => Math.log10(median(lists.at(-1)) / median(lists[0])) / Math.log10(sizes.at(-1) / sizes[0])
  sizes.forEach((n, i) =>
    console.log(
      `  ${String(n).padStart(7)}  ${median(times[i]).toFixed(1).padStart(8)} ms CPU   plain axios ${median(floors[i]).toFixed(1).padStart(8)}`,
    ),
  )
  console.log(
    `  growth from 1,000 to 100,000: exponent ${exponent(times).toFixed(3)}, of plain axios ${exponent(floors).toFixed(3)}`,
  )
  const [ours, plain] = [await bytes(20_000, stalled), await bytes(20_000, plainStalled)]
  console.log(`  a stalled request holds ${(ours / 1024).toFixed(2)} KB, one of plain axios ${(plain / 1024).toFixed(2)} KB`)
}
