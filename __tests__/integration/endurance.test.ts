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

describe('a process that has nothing left to do', () => {
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
