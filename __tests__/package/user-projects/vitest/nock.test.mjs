import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { keepAlive } from 'axios-attach-oauth/keep-alive'
import nock from 'nock'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

const origin = 'https://api.example.com'
beforeAll(() => nock.isActive() || nock.activate())
afterAll(() => nock.restore())
afterEach(() => vi.useRealTimers())

const bearer = (token) => ({ reqheaders: { authorization: `Bearer ${token}` } })

test('after a 401 the request is sent again with a new token', async () => {
  nock(origin, bearer('old')).put('/notes/1', { text: 'x' }).reply(401)
  nock(origin, bearer('new')).put('/notes/1', { text: 'x' }).reply(200, { saved: true })
  const api = axios.create({ baseURL: origin, adapter: 'http' })
  const refresh = vi.fn(async () => ({ access_token: 'new', expires_in: 60 }))
  attachOAuth(api, memoryStore({ access_token: 'old' }), { refresh, keepAlive: keepAlive() })
  expect((await api.put('/notes/1', { text: 'x' })).data).toEqual({ saved: true })
  expect(refresh).toHaveBeenCalledTimes(1)
})

test('with fake timers a busy token endpoint is asked again', async () => {
  vi.useFakeTimers()
  const api = axios.create({
    adapter: async (config) => ({ data: String(config.headers.Authorization), status: 200, statusText: '', headers: {}, config }),
  })
  const refresh = vi
    .fn()
    .mockRejectedValueOnce(Object.assign(new Error('busy'), { status: 429 }))
    .mockResolvedValue({ access_token: 'new', expires_in: 3600 })
  attachOAuth(api, memoryStore({ access_token: 'old', expires_at: 1_700_000_000 }), { refresh, origins: [origin] })
  const response = api.get(`${origin}/me`)
  await vi.advanceTimersByTimeAsync(2000)
  expect((await response).data).toBe('Bearer new')
})
