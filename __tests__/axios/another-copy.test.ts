import { createRequire } from 'node:module'
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, memoryStore, type createSession } from '../../src/index.js'

it('a session of another copy of the package is taken for what it is, not for the attached one', async () => {
  const seen: unknown[] = []
  const adapter = async (config: InternalAxiosRequestConfig): Promise<never> => {
    const { Authorization } = config.headers
    seen.push(Authorization)
    const response = { status: 200, statusText: '', data: '', headers: {}, config, request: null }
    if (Authorization === 'Bearer new') return response as never
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, { ...response, status: 401 })
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  attachOAuth(api, memoryStore({ access_token: 'attached' }), { refresh: false })
  const copy = createRequire(import.meta.url)('../../dist/index.cjs') as { createSession: typeof createSession }
  const session = copy.createSession(memoryStore({ access_token: 'old', refresh_token: 'r1' }), {
    refresh: () => ({ access_token: 'new' }),
  })
  for (const oauth of [session, { session }]) expect((await api.get('/me', { oauth })).status).toBe(200)
  expect(seen).toEqual(['Bearer old', 'Bearer new', 'Bearer new'])
})
