import { inspect } from 'node:util'
import { OAuthError } from '../src/index.js'
import { classifyFailure, defaultPolicy, withinBudget } from '../src/policy.js'

const written = (cause?: unknown): unknown =>
  JSON.parse(JSON.stringify(new OAuthError('OAUTH_STORE_FAILED', 'The store is gone.', { cause })))
const plain = { name: 'OAuthError', code: 'OAUTH_STORE_FAILED', message: 'The store is gone.' }

describe('what is written of an error', () => {
  it.each<[string, unknown, object]>([
    ['no cause', undefined, {}],
    ['null for a cause', null, {}],
    ['an error for a cause', new TypeError('made-up secret'), { cause: 'TypeError' }],
    ['a coded error for a cause', Object.assign(new Error('secret'), { code: 'ECONNRESET' }), { cause: 'Error ECONNRESET' }],
    ['a cause whose code is a number', Object.assign(new Error('secret'), { code: 7 }), { cause: 'Error' }],
    ['a cause that is no error', { name: { secret: true }, code: 'EX', secret: 'made-up' }, { cause: 'EX' }],
    ['a cause that is text', 'made-up secret', { cause: '' }],
  ])('with %s tells no more of it than its name and code', (_name, cause, expected) => {
    expect(written(cause)).toEqual({ ...plain, ...expected })
  })

  it('when inspected is the stack and the same, and nothing of what the cause holds', () => {
    const error = new OAuthError('OAUTH_STORE_FAILED', 'The store is gone.', { cause: new Error('made-up secret') })
    expect(inspect(error)).toBe(`${error.stack}\n${JSON.stringify({ ...plain, cause: 'Error' })}`)
    expect(error.stack).toContain('errors.test')
  })

  it('when inspected without a stack begins with its message', () => {
    const error = Object.assign(new OAuthError('OAUTH_STORE_FAILED', 'The store is gone.'), { stack: undefined })
    expect(inspect(error)).toBe(`The store is gone.\n${JSON.stringify(plain)}`)
  })
})

describe('a failed refresh', () => {
  it.each([
    ['with null', null],
    [
      'with an error that is its own cause',
      Object.assign(new Error('made up'), {
        get cause(): unknown {
          return this
        },
      }),
    ],
  ])('%s is classified like any other', (_name, error) => {
    expect(classifyFailure(error, Date.UTC(2026, 0, 2))).toEqual({ kind: 'transient', unprocessed: false })
  })

  it('counts against the limit for as long as the limit says, whenever it was', () => {
    const starts = [1000, 1000, 1000, 1000, 1000]
    const at = (time: number): boolean => withinBudget(starts, time, defaultPolicy.refreshLimit)
    expect([at(29_500), at(30_999), at(31_000)]).toEqual([false, false, true])
  })
})
