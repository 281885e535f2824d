import axios from 'axios'
import { createFaults } from '../../src/devtools/index.js'
import type { RefreshFunction } from '../../src/types.js'

const context = {
  signal: new AbortController().signal,
  reason: 'expired',
  reportDate: () => undefined,
} as Parameters<RefreshFunction>[1]

describe('the seam for faults', () => {
  it('lets a refresh through, or fails it as a token endpoint that is down', async () => {
    const faults = createFaults()
    const refresh = Object.assign(async () => ({ access_token: 'a' }), { needsRefreshToken: true, revoke: async () => undefined })
    const wrapped = faults.refresh(refresh)
    expect({ ...wrapped }).toEqual({ needsRefreshToken: true, revoke: refresh.revoke })
    expect(await wrapped(undefined, context)).toEqual({ access_token: 'a' })
    faults.tokenEndpointDown = true
    expect(() => wrapped(undefined, context)).toThrow(expect.objectContaining({ status: 503 }))
  })

  it('offline: requests fail as network errors, and the platform says so', async () => {
    const faults = createFaults()
    const api = axios.create({ adapter: async (config) => ({ data: 'ok', status: 200, statusText: '', headers: {}, config }) })
    const before = api.defaults.adapter
    const detach = faults.attach(api)
    expect((await api.get('http://127.0.0.1/')).data).toBe('ok')
    faults.offline = true
    await expect(api.get('http://127.0.0.1/')).rejects.toMatchObject({ code: 'ERR_NETWORK', isAxiosError: true })
    faults.offline = false
    expect((await api.get('http://127.0.0.1/')).data).toBe('ok')
    detach()
    expect(api.defaults.adapter).toBe(before)
  })
  it('names what is no refresh function and no axios instance', () => {
    const faults = createFaults()
    expect(() => faults.refresh(undefined as never)).toThrow(new TypeError('faults.refresh: refresh must be a function'))
    expect(() => faults.attach(undefined as never)).toThrow(new TypeError('faults.attach: instance must be an axios instance'))
  })
})
