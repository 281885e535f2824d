import axios from 'axios'
import {
  OAuthError,
  OAuthRequestError,
  attachOAuth,
  createSession,
  isOAuthError,
  memoryStore,
  originalCause,
} from '../../src/index.js'

const refresh = async (): Promise<{ access_token: string }> => ({ access_token: 'made-up' })
const api = (): ReturnType<typeof axios.create> => axios.create({ baseURL: 'https://api.example.com' })

describe('misuse of attachOAuth() is a TypeError that names the option', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['no instance', () => attachOAuth(undefined as never, memoryStore(), { refresh }), /instance/],
    ['an instance of another kind', () => attachOAuth({} as never, memoryStore(), { refresh }), /instance/],
    ['no store', () => attachOAuth(api(), undefined as never, { refresh }), /store/],
    ['a store that can not write', () => attachOAuth(api(), { read: () => undefined } as never, { refresh }), /store.*write/],
    [
      'a store with a lock that sharedStore has not made',
      () => attachOAuth(api(), { ...memoryStore(), lock: (run: () => unknown) => run() } as never, { refresh }),
      /^attachOAuth: store has a lock: make it with sharedStore/,
    ],
    ['a name that is no string', () => attachOAuth(api(), memoryStore(), { refresh, name: 1 as never }), /name must be a string/],
    ['no refresh function', () => attachOAuth(api(), memoryStore()), /refresh/],
    ['a refresh option that is no function', () => attachOAuth(api(), memoryStore(), { refresh: 'url' as never }), /refresh/],
    [
      'a revoke option that is no function',
      () => attachOAuth(api(), memoryStore(), { refresh, revoke: true as never }),
      /revoke/,
    ],
    [
      'a time that is no number',
      () => attachOAuth(api(), memoryStore(), { refresh, refreshTimeout: '60s' as never }),
      /refreshTimeout/,
    ],
    [
      'a time longer than timers can count',
      () => attachOAuth(api(), memoryStore(), { refresh, lockTimeout: 2 ** 31 }),
      /lockTimeout/,
    ],
    [
      'a limit of nothing',
      () => attachOAuth(api(), memoryStore(), { refresh, refreshLimit: { count: 0, interval: 1 } }),
      /refreshLimit/,
    ],
    [
      'a keepAlive option that is no function',
      () => attachOAuth(api(), memoryStore(), { refresh, keepAlive: true as never }),
      /keepAlive must be/,
    ],
    [
      'an isExpired option that is no list of statuses',
      () => attachOAuth(api(), memoryStore(), { refresh, isExpired: [401, '403'] as never }),
      /isExpired must be/,
    ],
    [
      'an isExpired option that is no function',
      () => attachOAuth(api(), memoryStore(), { refresh, isExpired: 419 as never }),
      /isExpired must be/,
    ],
    [
      'a beforeResend option that is no function',
      () => attachOAuth(api(), memoryStore(), { refresh, beforeResend: {} as never }),
      /beforeResend must be/,
    ],
    [
      'an option of another package',
      () => attachOAuth(api(), memoryStore(), { refresh, statusCodes: [401] } as never),
      /statusCodes is unknown; pass isExpired/,
    ],
    ['createSession, which is named', () => createSession(memoryStore(), { refresh: 'url' as never }), /^createSession: refresh/],
    [
      'a stepUp option that is no function',
      () => attachOAuth(api(), memoryStore(), { refresh, stepUp: {} as never }),
      /stepUp must be/,
    ],
  ])('%s', (_name, attempt, message) => {
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
  })

  it('a call that throws leaves the instance unattached', () => {
    const instance = api()
    expect(() => attachOAuth(instance, memoryStore())).toThrow(TypeError)
    const fail = (): never => {
      throw new Error('made up')
    }
    expect(() => attachOAuth(instance, { ...memoryStore(), subscribe: fail }, { refresh })).toThrow(
      'The token store (memory) could not be watched',
    )
    expect(() => attachOAuth(instance, memoryStore(), { refresh, keepAlive: true as never })).toThrow(TypeError)
    expect(() => attachOAuth(instance, memoryStore(), { refresh })).not.toThrow()
  })

  it('a store may bring its refresh function', () => {
    expect(() => attachOAuth(api(), { ...memoryStore(), refresh })).not.toThrow()
  })
})

describe('errors', () => {
  it('for a request are AxiosErrors and OAuthErrors', () => {
    const error = new OAuthRequestError('OAUTH_SIGNED_OUT', 'made up', { headers: {} } as never)
    expect([
      error instanceof Error,
      error instanceof OAuthError,
      axios.isAxiosError(error),
      isOAuthError(error),
      error instanceof axios.AxiosError,
    ]).toEqual(Array(5).fill(true))
  })

  it('hold the request, the response and the cause in the members of an AxiosError', () => {
    const config = { headers: {}, url: '/x' } as never
    const request = { made: 'up' }
    const response = { status: 401, data: 'refused', headers: {}, statusText: '', config, request }
    const cause = new Error('made up')
    const error = new OAuthRequestError('OAUTH_SIGNED_OUT', 'made up', config, response, { cause })
    expect(error.config).toBe(config)
    expect(error.request).toBe(request)
    expect(error.response).toBe(response)
    expect([error.code, error.status, originalCause(error)]).toEqual(['OAUTH_SIGNED_OUT', 401, cause])
  })

  it('are recognized across copies of the package, and nothing else is', () => {
    const foreign = Object.assign(new Error('made up'), {
      [Symbol.for('axios-attach-oauth.error')]: true,
      code: 'OAUTH_SIGNED_OUT',
    })
    expect([isOAuthError(foreign), foreign instanceof OAuthError]).toEqual([true, true])
    for (const other of [new Error('made up'), undefined, null, 'OAUTH_SIGNED_OUT', { code: 'OAUTH_SIGNED_OUT' }])
      expect(isOAuthError(other)).toBe(false)
  })
})
