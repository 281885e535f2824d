import { inspect } from 'node:util'
import axios, { AxiosError, type AxiosResponse } from 'axios'
import { publicURL, withoutSecrets } from '../../src/axios/redact.js'
import { requestError } from '../../src/axios/request-error.js'
import { OAuthError, OAuthRequestError, attachOAuth, memoryStore, originalCause } from '../../src/index.js'

const config = {
  headers: { Authorization: 'Bearer made-up' },
  method: 'get',
  url: 'https://me:made-up@api.example.com/x?q=made-up',
}
const response = { status: 404, data: 'made-up', headers: {}, statusText: '', config } as unknown as AxiosResponse
const failed = (): AxiosError => withoutSecrets(new AxiosError('Not there', 'ERR_BAD_REQUEST', config as never, {}, response))
const bare = (): AxiosError => withoutSecrets(new AxiosError('No answer'))

describe('the public part of a URL', () => {
  it.each([
    [undefined, ''],
    ['/a?token=x#y', '/a'],
    ['/a#token=x', '/a'],
    ['/a?b=\nc', '/a'],
    ['https://me:word@example.com/x', 'https://example.com/x'],
    ['HTTPS://me@example.com', 'HTTPS://example.com'],
    ['h2c+x.y-z://me:word@example.com/x', 'h2c+x.y-z://example.com/x'],
    ['//me:word@example.com/x', '//example.com/x'],
    ['https://example.com/@me', 'https://example.com/@me'],
    ['/users//me@example.com', '/users//me@example.com'],
  ])('of %j is %j', (url, expected) => expect(publicURL(url)).toBe(expected))
})

describe('the printed form of a failed request', () => {
  const described = { code: 'ERR_BAD_REQUEST', status: 404, method: 'get', url: 'https://api.example.com/x' }

  it('as JSON tells which request failed and how, without its content and the response', () => {
    expect(JSON.parse(JSON.stringify(failed()))).toEqual({ name: 'AxiosError', message: 'Not there', ...described })
  })

  it('when inspected is the stack and the code, without the request and the response', () => {
    const error = failed()
    const text = inspect(error)
    expect(text).toContain('Not there')
    expect(text).toContain("code: 'ERR_BAD_REQUEST'")
    expect(text).not.toContain('made-up')
  })

  it('tells the rest where there is no request', () => {
    expect(JSON.parse(JSON.stringify(bare()))).toEqual({ name: 'AxiosError', message: 'No answer', url: '' })
  })

  it('has config, request and response where programs read them, and not where printers list them', () => {
    const error = failed()
    expect([error.config, error.response, typeof error.request]).toEqual([config, response, 'object'])
    for (const name of ['config', 'request', 'response', 'cause']) expect(Object.keys(error)).not.toContain(name)
    expect(Object.keys({ ...error })).not.toContain('config')
    // They can be replaced, as axios itself does.
    Object.assign(error, { config: undefined, response: undefined })
    expect([error.config, error.response]).toEqual([undefined, undefined])
  })

  it('has a cause without secrets, and the original one for the program', () => {
    const thrown = Object.assign(new Error('connect ECONNREFUSED, made-up'), { code: 'ECONNREFUSED', socket: { made: 'up' } })
    const error = withoutSecrets(Object.assign(new AxiosError('No answer'), { cause: thrown }))
    expect(error.cause).toMatchObject({ name: 'Error', code: 'ECONNREFUSED', message: 'ECONNREFUSED' })
    expect([error.cause, originalCause(error)]).toEqual([expect.not.objectContaining({ socket: thrown.socket }), thrown])
    expect(originalCause(withoutSecrets(error))).toBe(thrown)
  })

  it('stays as it is where it can not be changed', () => {
    expect(() => withoutSecrets(Object.freeze(new AxiosError('No answer')))).not.toThrow()
  })

  it('shows where programs list an error’s members no more than before', () => {
    expect(Object.keys(failed())).not.toContain('toJSON')
  })

  it('can be replaced and taken away by programs that print errors another way', () => {
    const error = Object.assign(failed(), { toJSON: () => 'replaced' })
    expect(JSON.stringify(error)).toBe('"replaced"')
    expect(Reflect.deleteProperty(error, 'toJSON')).toBe(true)
  })
})

describe('an error of this package that belongs to a request', () => {
  const cause = new OAuthError('OAUTH_SIGNED_OUT', 'There is no session.')
  const made = (): OAuthRequestError => requestError(cause, config as never) as OAuthRequestError

  it('has a name of its own, and what the session said', () => {
    expect(made()).toMatchObject({ name: 'OAuthRequestError', code: 'OAUTH_SIGNED_OUT', message: cause.message, cause })
  })

  it('holds its cause as any error of the language does', () => {
    const error = made()
    expect(Object.getOwnPropertyDescriptor(error, 'cause')).toEqual(
      Object.getOwnPropertyDescriptor(new Error('made up', { cause }), 'cause'),
    )
  })

  it('has no cause where there is none, and no status where there was no answer', () => {
    const error = new OAuthRequestError('OAUTH_SIGNED_OUT', 'made up', config as never)
    expect(['cause' in error, error.status]).toEqual([false, undefined])
  })

  it('is not wrapped a second time, and other errors are not wrapped at all', () => {
    const once = made()
    const others = [new Error('made up'), undefined, 'made up']
    expect([once, ...others].map((error) => requestError(error, config as never))).toEqual([once, ...others])
    expect(requestError(once, config as never)).toBe(once)
  })
})

it('an error of a custom adapter that is no AxiosError, but has the config of the request, shows no token either', async () => {
  const api = axios.create({
    baseURL: 'https://api.example.com',
    adapter: (config) =>
      Promise.reject(Object.assign(new Error('no connection'), { config, request: { headers: config.headers } })),
  })
  attachOAuth(api, memoryStore({ access_token: 'made-up-token' }), { refresh: false })
  const error = await api.get('/x').catch((failure: unknown) => failure as AxiosError)
  expect(error).toMatchObject({ message: 'no connection', config: { url: '/x' } })
  for (const text of [inspect(error, { depth: 9, customInspect: false }), JSON.stringify(error)])
    expect(text).not.toContain('made-up-token')
})
