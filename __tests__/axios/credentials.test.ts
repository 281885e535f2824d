import type { AxiosHeaders } from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import { createSession, memoryStore, type AttachOptions } from '../../src/index.js'
import { openSessionOf } from '../../src/axios/session-object.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { rejection } from '../helpers/client.js'
import { recordedApi, set } from '../helpers/recorded-api.js'
import { wired } from '../helpers/wired.js'

const refresh = false
const sessionOf = (user: string): ReturnType<typeof createSession> => createSession(memoryStore(set(user)), { refresh })

describe('a credential in the headers of an earlier config, copied without the rest of it', () => {
  it('is not sent after the sign-out of its user, whatever the number of users since', async () => {
    const { api, sent } = recordedApi()
    attachIn(new FakeEnvironment(), api, memoryStore(), { refresh })
    const first = sessionOf('u0')
    const { config } = await api.get('/x', { oauth: first })
    for (let i = 1; i <= 60; i++) await api.get('/x', { oauth: sessionOf(`u${i}`) })
    await first.signOut()
    const headers = { ...(config.headers as AxiosHeaders).toJSON() } as Record<string, string>
    expect(await rejection(api.get('/again', { headers, oauth: first }))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).not.toContain('/again u0')
  })

  it('is not sent for another user', async () => {
    const { api, sent } = recordedApi()
    attachIn(new FakeEnvironment(), api, memoryStore(), { refresh })
    const { config } = await api.get('/x', { oauth: sessionOf('u0') })
    const headers = { ...(config.headers as AxiosHeaders).toJSON() } as Record<string, string>
    expect(await rejection(api.get('/again', { headers, oauth: sessionOf('u1') }))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual(['/x u0'])
  })

  it('is remembered for users that take turns, once for each', async () => {
    const { api } = recordedApi()
    const session = attachIn(new FakeEnvironment(), api, memoryStore(), { refresh })
    const users = [sessionOf('u0'), sessionOf('u1')]
    for (let i = 0; i < 60; i++) await api.get('/x', { oauth: users[i % 2]! })
    expect(openSessionOf(session)!.sentCredentials.map(({ value }) => value)).toEqual(['Bearer u1', 'Bearer u0'])
  })

  it('takes a bounded amount of memory, also if a token is carried by several headers', async () => {
    const { api } = recordedApi()
    const header = ({ access_token }: { access_token?: string }): Record<string, string> => ({
      Authorization: `Bearer ${access_token}`,
      'X-Token': `${access_token}`,
      'X-Tenant': 'same',
    })
    const session = attachIn(new FakeEnvironment(), api, memoryStore(), { refresh, header })
    for (let i = 0; i < 200; i++) {
      await session.signIn(set(`t${i}`))
      await api.get('/x')
    }
    const { sentCredentials, provider } = openSessionOf(session)!
    expect([sentCredentials.length, provider.sentCredentials.length]).toEqual([50, 10])
  })
})

it.each<[string, unknown]>([
  ['a promise', async () => ({ 'X-Token': 'made-up' })],
  ['a text', () => 'Bearer made-up'],
  ['nothing', () => undefined],
  ['null', () => null],
  ['a header without a value', () => ({ 'X-Token': undefined })],
  ['a value with a line break', () => ({ 'X-Token': 'made\nup' })],
  ['a value beyond Latin-1', () => ({ 'X-Token': 'gemacht\u2026' })],
  ['an object of the class Headers', () => new Headers({ 'X-Token': 'made-up' })],
  ['a number', () => ({ 'X-Token': 'made-up', 'X-Account': 7 })],
  ['a name with a space', () => ({ 'X Token': 'made-up' })],
])('a header function that returns %s rejects the request with a TypeError that names the option', async (_what, header) => {
  const { api, sent } = wired({ header: header as AttachOptions['header'] & object })
  const error = await rejection(api.get('/x'))
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toMatch(/^attachOAuth: the function header must return/)
  expect(sent).toEqual([])
})

it('a header function may leave out headers: those without a value are not sent', async () => {
  const header = (): Record<string, string | undefined> => ({ 'X-Token': 'made-up', 'X-Tenant': undefined })
  const headers: unknown[] = []
  const { api } = wired({ header, wire: (config) => (headers.push(config.headers.toJSON()), {}) })
  await api.get('/x')
  expect(headers).toEqual([expect.objectContaining({ 'X-Token': 'made-up' })])
  expect(headers[0]).not.toHaveProperty('X-Tenant')
})
