import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** What the program prints, which is also what tells why it failed. */
async function node(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--no-warnings', ...args]).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}${error.stderr}`)
    },
  )
  return stdout
}

interface State {
  heap: number
  listeners: number
  timers: number
  maps: number
  promises: number
  configs: number
}

describe('in the long run', () => {
  it('100,000 requests through a hundred refreshes with one AbortSignal leave nothing behind', async () => {
    const found = JSON.parse(await node('--expose-gc', 'scripts/leaks.mjs')) as {
      requests: number
      refreshes: number
      before: State
      after: State
    }
    const { before, after } = found
    expect(found).toMatchObject({ requests: 100_000, refreshes: 100 })
    expect(after).toMatchObject({ listeners: 0, timers: 0, maps: before.maps, configs: before.configs })
    expect(after.promises).toBeLessThan(before.promises + 100)
    // Ten bytes for a request would be a megabyte.
    expect(after.heap - before.heap).toBeLessThan(1_000_000)
  })

  it('random traffic with tokens that live 400 ms, aborts and a token endpoint in trouble: no wrong answer, no reuse, nobody signed out', async () => {
    const figures = JSON.parse(await node('scripts/soak.mjs', '--seconds', '5')) as Record<string, number> & {
      outcomes: Record<string, number>
    }
    expect(figures).toMatchObject({ signedOut: 0, reused: 0, mostGrantsAtOnce: 1, outcomes: { wrong: 0, others: 0 } })
    expect(figures.generations).toBe(figures.refreshes! + 1)
    expect(figures.unavailable).toBeGreaterThan(0)
    expect(figures.outcomes.aborted).toBeGreaterThan(0)
    expect(figures.outcomes.right).toBeGreaterThan(0)
    // None before its time, which is 80 % of its life.
    expect(figures.youngest).toBeGreaterThan(0.79)
  })

  it('a process ends by itself right after its last answer: no timer is left then', async () => {
    const program = `
      import axios from 'axios'
      import { attachOAuth, memoryStore } from 'axios-attach-oauth'
      const api = axios.create({ baseURL: 'https://api.example.com', adapter: async (config) =>
        ({ data: config.headers.Authorization, status: 200, statusText: '', headers: {}, config }) })
      attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r', expires_at: 1 }),
        { refresh: async () => ({ access_token: 'new', expires_in: 3600 }) })
      const { data } = await api.get('/x', { timeout: 60_000, signal: new AbortController().signal })
      console.log(data, process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length)`
    expect(await node('--input-type=module', '-e', program)).toBe('Bearer new 0\n')
  })

  it('keeping alive does not keep a process alive', async () => {
    const program = `
      import axios from 'axios'
      import { attachOAuth, memoryStore } from 'axios-attach-oauth'
      import { keepAlive } from 'axios-attach-oauth/keep-alive'
      const api = axios.create({ baseURL: 'https://api.example.com' })
      const session = attachOAuth(api, memoryStore({ access_token: 'a' }), { refresh: false, keepAlive: keepAlive() })
      console.log((await session.tokens()).access_token)`
    expect(await node('--input-type=module', '-e', program)).toBe('a\n')
  })
})
