import axios, { type AxiosAdapter } from 'axios'
import { Readable } from 'node:stream'
import { attachOAuth, memoryStore } from '../../src/index.js'

/** A stream that never ends by itself, and whether it was ended. */
const streams: [string, () => { data: unknown; isOver: () => boolean }][] = [
  [
    'a Node stream',
    () => {
      const data = new Readable({ read: () => undefined })
      return { data, isOver: () => data.destroyed }
    },
  ],
  [
    'a web stream',
    () => {
      let cancelled = false
      return { data: new ReadableStream({ cancel: () => void (cancelled = true) }), isOver: () => cancelled }
    },
  ],
  [
    'a web stream that can not be cancelled',
    () => {
      let asked = false
      const data = new ReadableStream({ cancel: () => ((asked = true), Promise.reject(new Error('made up'))) })
      return { data, isOver: () => asked }
    },
  ],
]

it.each(streams)('the refused answer is ended before the request is sent again: %s', async (_name, make) => {
  const refused = make()
  const sent: unknown[] = []
  const adapter: AxiosAdapter = async (config) => {
    sent.push([config.headers.Authorization, refused.isOver()])
    const isFine = config.headers.Authorization === 'Bearer new'
    return { data: isFine ? 'second' : refused.data, status: isFine ? 200 : 401, statusText: '', headers: {}, config }
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh: () => ({ access_token: 'new' }) })
  expect((await api.get('/x', { responseType: 'stream' })).data).toBe('second')
  expect(sent).toEqual([
    ['Bearer old', false],
    ['Bearer new', true],
  ])
})
