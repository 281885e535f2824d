import { inspect } from 'node:util'
import { OAuthError } from '../src/errors.js'

const secret = 'made-up-secret'

describe('an error that is written down', () => {
  it.each<[string, unknown, unknown]>([
    ['its name and code', Object.assign(new TypeError(secret), { code: 'ECONNREFUSED' }), 'TypeError ECONNREFUSED'],
    ['its name, where it has no code', new RangeError(secret), 'RangeError'],
    ['nothing, where both are something else', { name: 5, code: { secret } }, ''],
  ])('tells of its cause %s', (_name, cause, told) => {
    const error = new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up', { cause })
    expect(error.toJSON()).toEqual({ name: 'OAuthError', code: 'OAUTH_REFRESH_UNAVAILABLE', message: 'made up', cause: told })
  })

  it('tells of no cause where there is none', () => {
    expect(Object.keys(new OAuthError('OAUTH_SIGNED_OUT', 'made up').toJSON())).toEqual(['name', 'code', 'message'])
  })

  it('shows where it comes from and its code, and not what its cause says', () => {
    const error = new OAuthError('OAUTH_SIGNED_OUT', 'made up', { cause: new Error(secret) })
    const text = inspect(error)
    expect(text).toContain(error.stack)
    expect(text).toContain('"code":"OAUTH_SIGNED_OUT"')
    expect(text).not.toContain(secret)
  })

  it('shows its message where the platform gives no stack', () => {
    const error = new OAuthError('OAUTH_SIGNED_OUT', 'made up')
    Object.defineProperty(error, 'stack', { value: undefined })
    expect(inspect(error).split('\n')[0]).toBe('made up')
  })
})
