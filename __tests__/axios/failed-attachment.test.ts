import axios, { type AxiosInstance } from 'axios'
import { attachOAuth, createSession, memoryStore, type AttachOptions } from '../../src/index.js'

const tokens = { access_token: 'old', refresh_token: 'r' }
const refresh = async (): Promise<{ access_token: string }> => ({ access_token: 'new' })
const fail = (): never => {
  throw new Error('made up')
}
/** An option whose start throws, as a timer or a listener of the platform may. */
const failing = Object.assign(fail, { option: 'keepAlive' }) as unknown as NonNullable<AttachOptions['keepAlive']>

/** An instance that records the credential of each request. */
function recording(): { api: AxiosInstance; sent: unknown[] } {
  const sent: unknown[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    adapter: async (config) => {
      sent.push(config.headers.get('Authorization'))
      return { status: 200, statusText: '', data: '', headers: {}, config }
    },
  })
  return { api, sent }
}

describe('an attachment that fails', () => {
  it('leaves an instance without interceptors, which another store may take', async () => {
    const { api, sent } = recording()
    expect(() => attachOAuth(api, memoryStore(tokens), { refresh, keepAlive: failing })).toThrow('made up')
    await api.get('/x')
    const session = attachOAuth(api, memoryStore({ ...tokens, access_token: 'other' }), { refresh })
    await api.get('/x')
    expect(sent).toEqual([undefined, 'Bearer other'])
    session.detach()
  })

  it('stops watching the store', () => {
    let watchers = 0
    const subscribe = (): (() => void) => (watchers++, () => void watchers--)
    const store = { ...memoryStore(tokens), subscribe }
    const { api } = recording()
    expect(() => attachOAuth(api, store, { refresh, keepAlive: failing })).toThrow('made up')
    expect(watchers).toBe(0)
  })

  it('leaves the earlier attachment and the options of its session in place', async () => {
    const store = memoryStore(tokens)
    const { api, sent } = recording()
    const session = attachOAuth(api, store, { name: 'first', refresh })
    const names: unknown[] = []
    session.on('*', (event) => names.push(event.session))
    expect(() => attachOAuth(api, store, { name: 'second', refresh, keepAlive: failing })).toThrow('made up')
    await api.get('/x')
    expect(new Set(names)).toEqual(new Set(['first']))
    session.detach()
    await api.get('/x')
    expect(sent).toEqual(['Bearer old', undefined])
  })

  it('leaves no options behind for a later session of the store', () => {
    const store = memoryStore(tokens)
    const { api } = recording()
    expect(() => attachOAuth(api, store, { refresh, keepAlive: failing })).toThrow('made up')
    expect(() => createSession(store)).toThrow('createSession: refresh is missing')
  })
})
