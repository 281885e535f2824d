import { inspect } from 'node:util'
import { OAuthError, OAuthRequestError, isOAuthError, originalCause, type OAuthErrorCode } from '../src/index.js'
import { brandAsSafe, plainMessage, safeCause, safeError, safeMessage } from '../src/errors.js'
import { printed } from './helpers/printers.js'

const failed = (cause?: unknown): OAuthError => new OAuthError('OAUTH_STORE_FAILED', 'The store is gone.', { cause })
const written = (cause?: unknown): unknown => JSON.parse(JSON.stringify(failed(cause)))
const plain = {
  name: 'OAuthError',
  code: 'OAUTH_STORE_FAILED',
  message: 'The store is gone. See docs/errors.md#oauth_store_failed',
  retryable: false,
}

describe('the message of an error', () => {
  it('ends with the section of the documentation that explains the code', () => {
    expect(new OAuthError('OAUTH_INTERNAL', 'Made up.').message).toBe('Made up. See docs/errors.md#oauth_internal')
    const { message } = new OAuthRequestError('OAUTH_ORIGIN_UNKNOWN', 'Made up.', {} as never)
    expect(message).toBe('Made up. See docs/errors.md#oauth_origin_unknown')
  })

  it('names one section when it is that of another error', () => {
    const { message } = new OAuthError('OAUTH_INVALID_GRANT', 'Made up.')
    expect(new OAuthError('OAUTH_REFRESH_UNAVAILABLE', message).message).toBe(
      'Made up. See docs/errors.md#oauth_refresh_unavailable',
    )
  })

  it.each([
    ['must be { user }', 'must be { user }.'],
    ['must be "a"', 'must be "a".'],
    ['must be a (or b)', 'must be a (or b).'],
    ['must be a', 'must be a.'],
    ['Try again.', 'Try again.'],
    ['is it the address?', 'is it the address?'],
  ])('is quoted as a sentence: %s', (message, sentence) => {
    expect(safeMessage(safeError(message))).toBe(sentence)
  })

  it('is quoted without its section', () => {
    expect(plainMessage(new OAuthError('OAUTH_INTERNAL', 'Made up.'))).toBe('Made up.')
    expect(plainMessage(new Error('See docs/errors.md#a for more'))).toBe('See docs/errors.md#a for more')
  })
})

describe('the JSON of an error', () => {
  it.each<[string, unknown, object]>([
    ['no cause', undefined, {}],
    ['null for a cause', null, {}],
    ['an error for a cause', new TypeError('made-up secret'), { cause: 'TypeError' }],
    ['a coded error for a cause', Object.assign(new Error('secret'), { code: 'ECONNRESET' }), { cause: 'Error ECONNRESET' }],
    ['a cause whose code is a number', Object.assign(new Error('secret'), { code: 7 }), { cause: 'Error' }],
    ['a cause that is no error', { name: { secret: true }, code: 'EX', secret: 'made-up' }, { cause: 'Error EX' }],
    ['a cause that is text', 'made-up secret', { cause: 'Error' }],
    ['a cause whose code is a token', { code: 'at-made-up-secret' }, { cause: 'Error' }],
  ])('with %s tells no more of the cause than its name and code', (_name, cause, expected) => {
    expect(written(cause)).toEqual({ ...plain, ...expected })
  })

  it('tells the status and the OAuth error of a token endpoint that answered', () => {
    expect(written({ status: 400, error: 'invalid_client' })).toMatchObject({ status: 400, oauthError: 'invalid_client' })
    expect(written({ response: { status: 503, data: { error: 'slow_down' } } })).toMatchObject({
      status: 503,
      oauthError: 'slow_down',
    })
  })

  it('when inspected is the stack and the members, and nothing else of the cause', () => {
    const error = failed(new Error('made-up secret'))
    const text = inspect(error)
    expect(text).toMatch(/^OAuthError.*The store is gone/)
    expect(text).toContain("code: 'OAUTH_STORE_FAILED'")
    expect(text).toContain('[cause]: Error: its message is not shown')
    expect(text).not.toContain('made-up')
    expect(text).toContain('errors.test')
  })
})

describe('a cause that was thrown elsewhere', () => {
  const secret = 'at-made-up-secret'
  const axiosLike = Object.assign(new Error(`refused ${secret}`), {
    code: 'ERR_BAD_REQUEST',
    config: { headers: { Authorization: secret } },
    response: { status: 400, data: { error: 'invalid_grant', error_description: secret } },
    cause: new Error(secret),
  })
  const nasty = new Proxy(new Error(secret), {
    get() {
      throw new Error(secret)
    },
    has() {
      throw new Error(secret)
    },
  })

  it.each<[string, unknown]>([
    ['an error of axios', axiosLike],
    ['an error whose message holds a secret', new SyntaxError(`Unexpected token in ${secret}`)],
    ['an error with errors in it', new AggregateError([new Error(secret)], secret)],
    ['an object', { error: secret.padEnd(65, '-'), access_token: secret }],
    ['a text', secret],
    ['a function', Object.assign(() => secret, { secret })],
    ['a getter that throws', nasty],
    ['an error with lines in its message', new Error(`first\n    at ${secret}\n${secret}`)],
    ['an error with a stack of its own', Object.assign(new Error('made up'), { stack: `Error: ${secret}\n    at ${secret}` })],
  ])('shows no secret in any printer: %s', (_name, cause) => {
    for (const [printer, text] of Object.entries(printed(failed(cause))))
      expect([printer, text.includes(secret)]).toEqual([printer, false])
  })

  it('keeps its name, code, HTTP status and OAuth error, and says so in its message', () => {
    expect(failed(Object.assign(axiosLike, { name: 'AxiosError' })).cause).toMatchObject({
      name: 'AxiosError',
      code: 'ERR_BAD_REQUEST',
      status: 400,
      error: 'invalid_grant',
      message: 'ERR_BAD_REQUEST, status 400, invalid_grant',
    })
  })

  it('keeps no name and no OAuth error that is not text', () => {
    const cause = safeCause({ name: 7, error: 8, response: { data: { error: 9 } } }) as Error & { error?: unknown }
    expect([cause.name, cause.error]).toEqual(['Error', undefined])
  })

  it('has no call sites where it brings none', () => {
    for (const stack of [undefined, null, ''])
      expect((safeCause({ name: 'Made', message: '', stack }) as Error).stack).toBe(
        'Made: its message is not shown, as it may hold a secret',
      )
  })

  it('keeps where it was thrown', () => {
    const { stack, message } = failed(new RangeError(secret)).cause as Error
    expect(message).toBe('its message is not shown, as it may hold a secret')
    expect(stack).toMatch(/^RangeError: its message is not shown, as it may hold a secret\n {4}at .*errors\.test/)
  })

  it('is found by originalCause, also through the errors around it', () => {
    const thrown = new TypeError(secret)
    expect(originalCause(failed(thrown))).toBe(thrown)
    expect(originalCause(failed(failed(thrown)))).toBe(thrown)
    const wrap = (cause: unknown, times: number): unknown => (times === 0 ? cause : { cause: wrap(cause, times - 1) })
    expect([3, 4].map((times) => originalCause(wrap(failed(thrown), times)))).toEqual([thrown, undefined])
    for (const other of [failed(), failed(failed()), thrown, undefined, 'text', null])
      expect(originalCause(other)).toBeUndefined()
  })

  it('stays as it is where it is an error of this package, or one that is known to be safe', () => {
    const own = failed()
    const known = brandAsSafe(new Error('The refresh took longer than 60000 ms'))
    expect([failed(own).cause, failed(known).cause, safeCause(known)]).toEqual([own, known, known])
    expect(failed(own).cause).toBe(own)
    expect(failed(known).cause).toBe(known)
  })

  it.each<[string, unknown, string]>([
    ['a text', 'made up', 'a string was thrown'],
    ['a number', 5, 'a number was thrown'],
    ['a function', () => 'made up', 'its message is not shown, as it may hold a secret'],
    ['an object whose getters throw', nasty, 'its message is not shown, as it may hold a secret'],
  ])('is an error also where it was none: %s', (_what, thrown, message) => {
    const cause = safeCause(thrown)
    expect(cause).toBeInstanceOf(Error)
    expect((cause as Error).message).toBe(message)
  })

  it.each<[unknown, unknown]>([
    [7, 7],
    ['40001', '40001'],
    ['made-up-ABC', undefined],
    ['ABC made up', undefined],
    ['A'.repeat(65), undefined],
  ])('keeps its code %p only where that is one of a system, a driver or axios', (code, expected) => {
    expect((safeCause(Object.assign(new Error('made up'), { code })) as { code?: unknown }).code).toBe(expected)
  })

  it('keeps its call sites, one a line, and no line of its message', () => {
    const thrown = Object.assign(new Error('first\n    at secret'), {
      stack: 'Error: first\n    at secret\n    at one (file.js:1:1)\n    at two (file.js:2:2)\nand more',
    })
    expect((safeCause(thrown) as Error).stack).toBe(
      'Error: its message is not shown, as it may hold a secret\n    at one (file.js:1:1)\n    at two (file.js:2:2)',
    )
    const foreign = Object.assign(new Error('made up'), { stack: 'Error: another\n    at secret' })
    expect((safeCause(foreign) as Error).stack).toBe('Error: its message is not shown, as it may hold a secret')
  })

  it('is missing where there was none', () => {
    expect(failed()).not.toHaveProperty('cause')
  })

  it('is not enumerable, as in any error of the language', () => {
    expect(Object.keys(failed(new Error('made up'))).sort()).toEqual(['code', 'retryable'])
  })
})

describe('retryable', () => {
  const codes: OAuthErrorCode[] = [
    'OAUTH_SIGNED_OUT',
    'OAUTH_SESSION_CLOSED',
    'OAUTH_INTERNAL',
    'OAUTH_STORE_FAILED',
    'OAUTH_REFRESH_LIMIT',
  ]
  it('is true for a refresh that failed this time, and false for every other code', () => {
    expect(new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up').retryable).toBe(true)
    for (const code of codes) expect(new OAuthError(code, 'made up').retryable).toBe(false)
  })

  it('is what the thrower says, where the thrower knows more', () => {
    expect(new OAuthError('OAUTH_STORE_FAILED', 'made up', { retryable: true }).retryable).toBe(true)
    expect(new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up', { retryable: false }).retryable).toBe(false)
  })
})

describe('the type of an error', () => {
  it('is told apart by its code', () => {
    const error: unknown = failed()
    if (!isOAuthError(error)) throw new Error('not reached')
    // Checked by the compiler: what is there for one code is not there for another.
    if (error.code === 'OAUTH_STEP_UP_REQUIRED') void [error.challenge.parameters.scope, error.response.status, error.config.url]
    else if (error.code === 'OAUTH_NOT_REPLAYABLE') void [error.response.status, error.config.url]
    else {
      const challenge: undefined = error.challenge
      const base: OAuthError = error
      void [challenge, base.retryable, error.response?.status, error.config?.url, error.status, error.oauthError]
    }
    expect(error.code).toBe('OAUTH_STORE_FAILED')
  })
})
