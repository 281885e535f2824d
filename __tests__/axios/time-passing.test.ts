import { Readable } from 'node:stream'
import type { TokenJSON } from '../../src/index.js'
import { wired, type WireClient } from '../helpers/wired.js'

/** A token of 100 s: its refresh window begins at 80 s, its blocking window at 95 s. */
async function client(): Promise<WireClient> {
  const wall = wired().environment.wall
  const tokens: TokenJSON = {
    access_token: 'old',
    refresh_token: 'r',
    expires_in: 100,
    expires_at: new Date(wall + 100_000).toISOString(),
  }
  const made = wired({ tokens, wire: () => ({ status: 200 }) })
  await made.session.tokens()
  return made
}
const authorizations = ({ sent }: WireClient): unknown[] => sent.map(({ authorization }) => authorization)

it.each<[string, () => unknown, number]>([
  ['can be sent again', () => 'text', 94_999],
  ['is a stream', () => Readable.from(['text']), 79_999],
])('a token whose window begins during another interceptor is sent all the same: its body %s', async (_name, body, age) => {
  const made = await client()
  const { api, environment } = made
  const passTime = (): void => {
    environment.wall += 2
    environment.mono += 2
  }
  api.interceptors.request.use((config) => (passTime(), config), null, { synchronous: true })
  await environment.pass(age)
  await api.post('/x', body())
  expect(authorizations(made)).toStrictEqual(['Bearer old'])
})

it('a token that expires during another interceptor is not sent: the request waits for the next one', async () => {
  const made = await client()
  made.api.interceptors.request.use(async (config) => (await made.environment.pass(101_000), config))
  await made.api.get('/x', { timeout: 5000 })
  expect(authorizations(made)).toStrictEqual(['Bearer new'])
})

it('the time limit of a request includes the time of other interceptors', async () => {
  const { api, environment } = wired({
    tokens: { access_token: 'old', refresh_token: 'r', expires_at: 1 },
    hold: new Promise(() => undefined),
  })
  api.interceptors.request.use(async (config) => ((environment.mono += 600), config))
  let failure: unknown
  api.get('/x', { timeout: 1000 }).catch((error) => (failure = error))
  await environment.pass(399)
  expect(failure).toBeUndefined()
  await environment.pass(1)
  expect(failure).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 1000ms exceeded' })
})
