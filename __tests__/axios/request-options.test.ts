import { createSession, memoryStore, type OAuthRequestOptions, type Session } from '../../src/index.js'
import { rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'
import { wired } from '../helpers/wired.js'

const tokens = { access_token: 'attached', refresh_token: 'r' }
const ok = (): { status: number } => ({ status: 200 })
const members = 'known are body, validFor, recover, session'
const notASession = 'oauth.session must be a session that attachOAuth or createSession returned'

describe('the request option oauth', () => {
  it('that is undefined sends the request with the token of the attached session', async () => {
    const { api, sent } = wired({ tokens, wire: ok })
    await api.get('/x', { oauth: undefined })
    await api.get('/x', { oauth: { validFor: undefined, body: undefined, recover: undefined } })
    expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer attached', 'Bearer attached'])
  })

  it.each<[string, unknown, string]>([
    ['a session that is not known', { session: undefined }, notASession],
    ['no session', { session: null }, notASession],
    ['another object as the session', { session: {} }, notASession],
    ['true', true, 'oauth must be false, a session, or an object of options'],
    ['a list', [], 'oauth must be false, a session, or an object of options'],
    ['null', null, 'oauth must be false, a session, or an object of options'],
    ['a number', 0, 'oauth must be false, a session, or an object of options'],
    ['empty text', '', 'oauth must be false, a session, or an object of options'],
    ['text', 'ann', 'oauth must be false, a session, or an object of options'],
    ['a misspelled member', { sesion: {} }, `oauth.sesion is unknown; ${members}`],
    ['a body that is no function', { body: 'abc' }, 'oauth.body must be a function that makes the body'],
    ['a text as validFor', { validFor: 'abc' }, 'oauth.validFor must be a number of milliseconds'],
    ['NaN as validFor', { validFor: NaN }, 'oauth.validFor must be a number of milliseconds'],
    ['a negative validFor', { validFor: -1 }, 'oauth.validFor must be a number of milliseconds'],
    ['a text as recover', { recover: 'no' }, 'oauth.recover must be true or false'],
  ])('that is %s is a TypeError, and nothing is sent for another user', async (_what, oauth, message) => {
    const { api, sent } = wired({ tokens, wire: ok })
    expect(await rejection(api.get('/x', { oauth: oauth as OAuthRequestOptions }))).toEqual(new TypeError(message))
    expect(sent).toEqual([])
  })

  it('is checked when another interceptor sets it', async () => {
    const { api, sent } = wired({ tokens, wire: ok })
    api.interceptors.request.use((config) => Object.assign(config, { oauth: { session: undefined } }))
    expect(await rejection(api.get('/x'))).toEqual(new TypeError(notASession))
    expect(sent).toEqual([])
  })

  it('of the instance names the session also for a request with other options', async () => {
    const { api, sent } = wired({ tokens, wire: ok })
    const session = createSession(memoryStore({ access_token: 'other' }), { refresh: false })
    for (const oauth of [session, { session }]) {
      api.defaults.oauth = oauth
      for (const own of [undefined, {}, { recover: false }, { validFor: 1 }]) await api.get('/x', own && { oauth: own })
    }
    expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer other']))
    api.defaults.oauth = false
    await api.get('/x', { oauth: { recover: false } })
    await api.get('/x')
    expect(sent.slice(-2).map(({ authorization }) => authorization)).toEqual(['Bearer attached', undefined])
  })

  it.each<[string, object | undefined]>([
    ['no options', undefined],
    ['an empty object', {}],
    ['other options', { recover: false }],
  ])('of the instance counts as it was when the request with %s was made', async (_what, own) => {
    const sessionOf = (user: string): Session => createSession(memoryStore({ access_token: user }), { refresh: false })
    const { api, sent } = wired({ tokens, wire: ok })
    api.interceptors.request.use(async (config) => {
      await settle()
      return config
    })
    for (const oauth of [undefined, sessionOf('ann')]) {
      api.defaults.oauth = oauth
      const request = api.get('/x', own && { oauth: own })
      api.defaults.oauth = sessionOf('ben')
      await request
    }
    expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer attached', 'Bearer ann'])
  })

  it('names the session whose token is sent, and may limit it', async () => {
    const { api, sent } = wired({ tokens, wire: ok })
    const session = createSession(memoryStore({ access_token: 'other' }), { refresh: false })
    await api.get('/x', { oauth: session })
    await api.get('/x', { oauth: { session, recover: false, validFor: 0 } })
    expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer other', 'Bearer other'])
  })
})
