import axios, { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import { recordHistory, type SessionEvent } from '../../src/devtools/index.js'
import { timelineOf } from '../../src/devtools/timeline.js'
import { memoryStore, type TokenJSON, type TokenStore } from '../../src/index.js'
import type { AnySessionEvent } from '../../src/session/events.js'
import { sharedStore } from '../../src/shared.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'

/** Fails to compile when an event of a session has a field that the panel takes for something else. */
const asSessionEvent = (event: AnySessionEvent): SessionEvent => event

/** An API that accepts one access token. */
const accepting = (token: string) => async (config: InternalAxiosRequestConfig) => {
  const status = config.headers.get('Authorization') === `Bearer ${token}` ? 200 : 401
  const response: AxiosResponse = { data: '', status, statusText: '', headers: {}, config }
  if (status === 200) return response
  throw new AxiosError('made-up', AxiosError.ERR_BAD_REQUEST, config, undefined, response)
}

function setUp(tokens: object, store: TokenStore = memoryStore({ refresh_token: 'rt-1', ...tokens })) {
  const api = axios.create({ baseURL: 'https://api.example.com', adapter: accepting('at-2') })
  // Time stands still, so that the wait for the lock is not printed on a busy machine.
  const session = attachIn(new FakeEnvironment(), api, store, {
    refresh: async () => ({ access_token: 'at-2', expires_in: 60 }),
  })
  const history = recordHistory(session)
  const lines = (): string[] => history.lines().map((line) => line.replace(/ \d\d:\d\d:\d\d/, '').replace(/\d+ ms/g, 'some ms'))
  return { api, session, history, lines }
}

describe('the history and the waterfall of a real session', () => {
  it('show a request that was refused, waited for the refresh, and was sent again', async () => {
    const { api, session, history, lines } = setUp({ access_token: 'at-1' })
    await session.tokens()
    await api.get('/items/4?secret=made-up')
    expect(lines()).toEqual([
      'GET /items/4 sent',
      'refresh started: rejected, started by GET /items/4',
      'GET /items/4 waits: rejected',
      'refreshed: some ms, 1 request waited',
      'tokens saved',
      'GET /items/4 released: after some ms, with a token',
      'GET /items/4 re-sent',
    ])
    expect(timelineOf(history.events.map((event) => asSessionEvent(event as AnySessionEvent)))).toMatchObject({
      requests: [
        {
          label: 'GET /items/4',
          marks: [{ kind: 'sent' }, { kind: 'refused' }, { kind: 're-sent' }],
          waits: [{ from: expect.any(Number), to: expect.any(Number) }],
        },
      ],
      refreshes: [{ outcome: 'succeeded', to: expect.any(Number) }],
    })
  })

  it('show a request that waited before it was sent', async () => {
    const { api, history, lines } = setUp({ access_token: 'at-1', expires_at: 1 })
    await api.get('/items/4')
    expect(lines()).toContain('GET /items/4 waits: for a token')
    expect(timelineOf(history.events).requests).toMatchObject([{ marks: [{ kind: 'sent' }], waits: [{}] }])
  })

  it('show a refresh before the requests that it released, although the lock of the store is released later', async () => {
    let stored: TokenJSON | undefined = { access_token: 'at-1', refresh_token: 'rt-1' }
    let isReleased = (): void => undefined
    const store = sharedStore({
      read: () => stored,
      write: (tokens) => ((stored = tokens), true),
      lock: async (run) => {
        const result = await run()
        await new Promise<void>((resolve) => (isReleased = resolve))
        return result
      },
    })
    const { api, session, lines } = setUp({}, store)
    await session.tokens()
    await api.get('/items/4')
    isReleased()
    await new Promise((resolve) => setImmediate(resolve))
    expect(lines().slice(-4)).toEqual([
      'refreshed: some ms, 1 request waited',
      'tokens saved',
      'GET /items/4 released: after some ms, with a token',
      'GET /items/4 re-sent',
    ])
  })
})
