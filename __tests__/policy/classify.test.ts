import { jest } from '@jest/globals'
import { runInNewContext } from 'node:vm'
import { AxiosError, AxiosHeaders } from 'axios'
import { TokenEndpointError } from '../../src/grants/token-endpoint-error.js'
import { classifyFailure, type ClassifyFailure, type Failure, type RefreshFailure } from '../../src/policy.js'

const now = Date.UTC(2026, 0, 2)

/** An error as axios rejects with it. */
function axiosError(status: number, data: unknown, headers: Record<string, string> = {}): AxiosError {
  const config = { headers: new AxiosHeaders(), url: '/token', data: 'grant_type=refresh_token&refresh_token=secret' }
  const response = { status, statusText: '', data, headers: AxiosHeaders.from(headers), config }
  return new AxiosError(`Request failed with status code ${status}`, 'ERR_BAD_REQUEST', config, {}, response)
}

/** The ways in which a refresh function passes an answer on. */
const waysToFail: [string, (status: number, body: unknown) => unknown][] = [
  ['axios', (status, body) => axiosError(status, body)],
  ['axios with a body that was left as text', (status, body) => axiosError(status, JSON.stringify(body))],
  ['fetch, with the parsed body thrown', (status, body) => ({ status, ...(body as object) })],
  ['an error that carries status and body', (status, body) => Object.assign(new Error('refresh failed'), { status, body })],
  ['an error with status and body in its message', (status, body) => new Error(`HTTP ${status}: ${JSON.stringify(body)}`)],
  ['an error whose cause is the error of axios', (status, body) => new Error('no', { cause: axiosError(status, body) })],
  [
    'an error whose response has been read, with the body as data',
    (status, body) => Object.assign(new Error('x'), { response: new Response('', { status }), data: body }),
  ],
]

const pageOfError = '<!-- 17 --><html>Your session has expired, invalid token'

const withCode = (message: string, code: string): Error => Object.assign(new Error(message), { code })

/** The error of `JSON.parse`. */
function parseError(text: string): Error {
  try {
    return new Error(`${JSON.parse(text)} is JSON`)
  } catch (error) {
    return error as Error
  }
}

const ended = { kind: 'ended', inferred: false, notProcessed: false } as const
const probablyEnded = { kind: 'ended', inferred: true, notProcessed: false } as const
const misconfigured = { kind: 'misconfigured', inferred: false, notProcessed: false } as const
const transient = { kind: 'transient', inferred: false, notProcessed: false } as const

const summarized = ({ kind, inferred, notProcessed }: Failure): Partial<Failure> => ({ kind, inferred, notProcessed })

describe.each(waysToFail)('an answer passed on by %s', (_way, fail) => {
  it.each<[string, number, object, Partial<Failure>]>([
    ['RFC 6749', 400, { error: 'invalid_grant', error_description: 'x' }, ended],
    ['Auth0 and Atlassian', 403, { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' }, ended],
    ['Microsoft: the user has to interact', 400, { error: 'interaction_required', suberror: 'basic_action' }, probablyEnded],
    ['Microsoft: the user has to sign in', 400, { error: 'login_required' }, probablyEnded],
    ['Microsoft: consent is missing', 400, { error: 'consent_required' }, probablyEnded],
    ['X', 400, { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' }, probablyEnded],
    ['Passport', 401, { error: 'invalid_request', error_description: 'The refresh token is invalid.' }, probablyEnded],
    ['Twitch', 400, { error: 'Bad Request', status: 400, message: 'Invalid refresh token' }, probablyEnded],
    [
      'Strava',
      400,
      { message: 'Bad Request', errors: [{ resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }] },
      probablyEnded,
    ],
    ['Fitbit', 400, { errors: [{ errorType: 'invalid_grant', message: 'Refresh token invalid: x' }], success: false }, ended],
    ['Nest, with a reason', 401, { message: 'No session', error: 'Unauthorized', statusCode: 401 }, probablyEnded],
    ['Nest', 401, { statusCode: 401, message: 'Unauthorized' }, probablyEnded],
    [
      'Meta',
      400,
      { error: { message: 'Error validating access token: Session has expired', type: 'OAuthException', code: 190 } },
      probablyEnded,
    ],
    ['Firebase', 400, { error: { code: 400, message: 'TOKEN_EXPIRED', errors: [{ reason: 'invalid' }] } }, probablyEnded],
    ['Firebase: another project', 400, { error: { code: 400, message: 'INVALID_REFRESH_TOKEN' } }, ended],
    ['HubSpot', 400, { status: 'BAD_REFRESH_TOKEN', message: 'missing or unknown refresh token' }, ended],
    ['Simple JWT', 401, { detail: 'Token is invalid or expired', code: 'token_not_valid' }, probablyEnded],
    ['Symfony', 401, { code: 401, message: 'JWT Refresh Token Not Found' }, probablyEnded],
    ['WeChat', 400, { errcode: 42002, errmsg: 'refresh_token expired' }, probablyEnded],
    ['Apigee', 400, { fault: { faultstring: 'x', detail: { errorcode: 'keymanagement.service.invalid_refresh_token' } } }, ended],
    ['Apigee, in its older form', 400, { ErrorCode: 'invalid_request', Error: 'Refresh Token expired' }, probablyEnded],
    ['Zoom', 400, { reason: 'Invalid Token!', error: 'invalid_request' }, probablyEnded],
    ['Supabase', 400, { code: 400, error_code: 'refresh_token_not_found', msg: 'Invalid Refresh Token' }, probablyEnded],
    ['GraphQL', 200, { errors: [{ message: 'x', extensions: { code: 'UNAUTHENTICATED' } }] }, probablyEnded],

    ['a wrong client', 401, { error: 'invalid_client', error_description: 'Bad client credentials' }, misconfigured],
    ['a client without the grant', 400, { error: 'unauthorized_client' }, misconfigured],
    ['a grant that is not supported', 400, { error: 'unsupported_grant_type' }, misconfigured],
    ['a scope that is too wide', 400, { error: 'invalid_scope' }, misconfigured],
    ['a malformed request', 400, { error: 'invalid_request', error_description: 'x' }, misconfigured],
    [
      'a missing refresh token',
      400,
      { error: 'invalid_request', error_description: 'Missing parameter: refresh_token' },
      misconfigured,
    ],
    [
      'a refresh token that is missing or invalid',
      400,
      { error: 'invalid_request', error_description: 'The refresh token is missing or invalid' },
      misconfigured,
    ],
    [
      'a required refresh token',
      400,
      { error: 'invalid_request', error_description: 'A valid refresh token is required' },
      misconfigured,
    ],
    [
      'a parameter that is repeated',
      400,
      { error: 'invalid_request', error_description: 'Duplicate parameter: refresh_token' },
      misconfigured,
    ],
    ['an access token', 400, { error: 'invalid_request', error_description: 'The access token is expired' }, misconfigured],
    ['a grant type', 400, { error: 'invalid_request', error_description: 'Invalid grant_type: refresh_token' }, misconfigured],
    ['a token type', 400, { error: 'invalid_request', error_description: 'The token_type_hint is invalid' }, misconfigured],
    [
      'a client whose description speaks of refresh tokens',
      400,
      { error: 'unauthorized_client', error_description: 'Invalid client for refresh token' },
      misconfigured,
    ],

    ['Zoho', 400, { error: 'Access Denied', error_description: 'You have made too many requests continuously.' }, transient],
    [
      'an overload with the code of a wrong request',
      400,
      { error: 'invalid_request', error_description: 'Too many requests: rate limit of this refresh token exceeded' },
      transient,
    ],
    ['an overload with 401', 401, { message: 'Rate limit exceeded' }, transient],
    ['Slack', 200, { ok: false, error: 'ratelimited' }, transient],
    ['an endpoint that is busy', 400, { error: 'temporarily_unavailable' }, transient],
    ['an endpoint that wants a slower client', 400, { error: 'slow_down' }, transient],
    ['a fault of the server', 400, { error: 'server_error' }, transient],
    ['an SDK limit', 400, { code: 'over_request_rate_limit' }, transient],
    [
      'Meta: too many calls',
      400,
      { error: { message: '(#4) Application request limit reached', type: 'OAuthException', code: 4 } },
      transient,
    ],
    ['a CSRF token', 403, { code: 'EBADCSRFTOKEN', message: 'invalid csrf token' }, transient],
    [
      'a validation error',
      400,
      { errors: [{ path: ['refresh_token'], code: 'invalid_type', message: 'Invalid input: expected string' }] },
      transient,
    ],
    ['an error of its own', 400, { error: 'whatever' }, transient],
    ['an error that is no text', 400, { error: 1 }, transient],
    ['an ended session at a failing server', 500, { error: 'invalid_grant' }, transient],
  ])('is classified: %s', (_name, status, body, expected) => {
    expect(summarized(classifyFailure(fail(status, body), now))).toEqual(expected)
  })

  it('may be sent again with 429 and 503, whatever the body says', () => {
    for (const status of [429, 503])
      expect(classifyFailure(fail(status, { error: 'invalid_grant' }), now)).toMatchObject({
        kind: 'transient',
        notProcessed: true,
      })
  })
})

describe('a body that a server answers with status 200', () => {
  it.each<[string, unknown, Partial<Failure>]>([
    ['GitHub', { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }, ended],
    ['Slack', { ok: false, error: 'invalid_refresh_token' }, ended],
    ['Slack, overloaded', { ok: false, error: 'ratelimited' }, transient],
    ['GitHub, as a form', 'error=bad_refresh_token&error_description=The+refresh+token+is+incorrect', ended],
    ['Naver', { error: 'invalid_request', error_description: 'invalid refresh_token' }, probablyEnded],
    ['Zoho', { error: 'invalid_code' }, probablyEnded],
    [
      'Supabase',
      { data: { session: null, user: null }, error: { status: 400, code: 'refresh_token_already_used' } },
      probablyEnded,
    ],
    ['null', null, transient],
  ])('is classified: %s', (_name, body, expected) => {
    expect(summarized(classifyFailure(body, now))).toEqual(expected)
  })
})

describe('an answer without an OAuth error', () => {
  it.each<[string, unknown, Partial<Failure>]>([
    ['an empty 401 from axios', axiosError(401, ''), probablyEnded],
    ['a 401 with HTML', axiosError(401, '<html>Invalid refresh token</html>'), probablyEnded],
    ['a Response with 401 that was thrown', new Response(null, { status: 401 }), probablyEnded],
    ['a 401 with a Basic challenge', axiosError(401, '', { 'WWW-Authenticate': 'Basic realm="x"' }), transient],
    ['a 403', axiosError(403, { message: 'Forbidden' }), transient],
    ['a 404', axiosError(404, '<html>'), transient],
    ['a 400 with Retry-After', axiosError(400, { error: 'invalid_grant' }, { 'Retry-After': '5' }), transient],
    ['a 502 with HTML', axiosError(502, '<html>'), transient],
    ['broken JSON', axiosError(400, '{"error":'), transient],
    ['a broken answer with 200', new SyntaxError(`Unexpected token '<', "<!DOCTYPE "... is not valid JSON`), transient],
    ['a broken answer that V8 quotes', parseError('Session expired'), transient],
    ['a broken answer that V8 shortens', parseError('token expired, session invalid '.repeat(9)), transient],
    ['a broken answer in a message', new Error(`HTTP 200: ${parseError('invalid_grant').message}`), transient],
    ['a broken answer as the cause', new Error('x', { cause: parseError('Session expired') }), transient],
    ['HTML after a comment in a response', { status: 404, response: { status: 404, data: pageOfError } }, transient],
    ['HTML in a message', new Error(`HTTP 404: ${pageOfError}`), transient],
    ['a proxy', withCode('Proxy Authentication Required', 'PROXY_AUTHENTICATION_REQUIRED'), transient],
    ['a QUIC session', withCode('QUIC session expired', 'ERR_QUIC_SESSION_EXPIRED'), transient],
    ['a TLS session', withCode('TLS session expired', 'ERR_SSL_SESSION_EXPIRED'), transient],
    ['nothing (keycloak-js)', undefined, transient],
    ['an empty object', {}, transient],
    ['a bug in the refresh function', new TypeError("Cannot read properties of undefined (reading 'token')"), transient],
    ['a number', 5, transient],
  ])('is classified: %s', (_name, error, expected) => {
    expect(summarized(classifyFailure(error, now))).toEqual(expected)
  })

  it('HTML is given to classify as it came', () => {
    const classify = jest.fn<ClassifyFailure>()
    classifyFailure(axiosError(404, pageOfError), now, { classify })
    expect(classify).toHaveBeenCalledWith(expect.objectContaining({ body: pageOfError }))
  })

  it('a 401 is no sign of an ended session through the grants of this package', () => {
    const error = new TokenEndpointError('The token endpoint answered 401 without an OAuth error.', { status: 401 })
    expect(classifyFailure(error, now)).toMatchObject({ kind: 'transient', inferred: false, summary: 'HTTP 401' })
    expect(classifyFailure(axiosError(401, ''), now, { inferFromStatus: false })).toMatchObject({ kind: 'transient' })
    expect(classifyFailure(axiosError(401, { error: 'invalid_grant' }), now, { inferFromStatus: false })).toMatchObject(ended)
  })
})

describe('an identity SDK as the refresh function', () => {
  const named = (name: string, members: object, message = 'x'): Error => Object.assign(new Error(message), { name, ...members })
  it.each<[string, unknown, Partial<Failure>]>([
    ['MSAL', named('InteractionRequiredAuthError', { errorCode: 'no_tokens_found' }), probablyEnded],
    ['MSAL, interaction required', named('InteractionRequiredAuthError', { errorCode: 'interaction_required' }), probablyEnded],
    ['MSAL, another code', named('InteractionRequiredAuthError', { errorCode: 'ux_not_allowed' }), probablyEnded],
    ['MSAL, invalid_grant', named('ServerError', { errorCode: 'invalid_grant' }), ended],
    ['MSAL, no account', named('BrowserAuthError', { errorCode: 'no_account_error' }), probablyEnded],
    ['MSAL, a wrong client', named('ServerError', { errorCode: 'invalid_client' }), misconfigured],
    ['MSAL, no network', named('ClientAuthError', { errorCode: 'network_error' }), transient],
    ['auth0-spa-js', named('GenericError', { error: 'login_required', error_description: 'Login required' }), probablyEnded],
    ['auth0-spa-js, no refresh token', named('Error', { error: 'missing_refresh_token' }), probablyEnded],
    ['auth0-spa-js, invalid_grant', named('GenericError', { error: 'invalid_grant' }), ended],
    ['auth0-spa-js, a time-out', named('TimeoutError', { error: 'timeout' }), transient],
    ['oidc-client-ts', named('ErrorResponse', { error: 'login_required', error_description: null }), probablyEnded],
    [
      'Supabase',
      named('AuthApiError', { status: 400, code: 'refresh_token_not_found' }, 'Invalid Refresh Token: Refresh Token Not Found'),
      probablyEnded,
    ],
    ['Supabase, in its older form', named('AuthApiError', { status: 400 }, 'Invalid Refresh Token: Already Used'), probablyEnded],
    ['Supabase, no session', named('AuthSessionMissingError', { status: 400 }, 'Auth session missing!'), probablyEnded],
    ['Supabase, no network', named('AuthRetryableFetchError', { status: 0 }), transient],
    ['Firebase', named('FirebaseError', { code: 'auth/user-token-expired' }), probablyEnded],
    ['Firebase, a disabled user', named('FirebaseError', { code: 'auth/user-disabled' }), probablyEnded],
    ['Firebase, no network', named('FirebaseError', { code: 'auth/network-request-failed' }), transient],
    ['Firebase, too many requests', named('FirebaseError', { code: 'auth/too-many-requests' }), transient],
    ['Amplify', named('NotAuthorizedException', {}, 'Refresh Token has been revoked'), probablyEnded],
    ['Amplify, nobody is signed in', named('UserUnAuthenticatedException', {}), probablyEnded],
    ['AWS', named('InvalidGrantException', { $metadata: { httpStatusCode: 400 } }), ended],
    ['@azure/identity', named('AuthenticationRequiredError', {}), probablyEnded],
    [
      '@azure/identity, invalid_grant',
      named('AuthenticationError', { statusCode: 400, errorResponse: { error: 'invalid_grant' } }),
      ended,
    ],
    [
      'openid-client',
      named('ResponseBodyError', {
        code: 'OAUTH_RESPONSE_BODY_ERROR',
        status: 400,
        error: 'invalid_grant',
        cause: { error: 'invalid_grant' },
      }),
      ended,
    ],
    [
      'got',
      named('HTTPError', { code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 400, body: '{"error":"invalid_grant"}' } }),
      ended,
    ],
    ['googleapis', named('GaxiosError', { code: '400', status: 400, response: { data: { error: 'invalid_grant' } } }), ended],
    [
      'simple-oauth2',
      named('Error', { isBoom: true, output: { statusCode: 400, payload: {} }, data: { payload: { error: 'invalid_grant' } } }),
      ended,
    ],
    ['a library that puts it in the message', new Error('invalid_grant'), ended],
    ['a message with the status alone', new Error('HTTP 401'), probablyEnded],
    ['a message like that of axios', new Error('Request failed with status code 401'), probablyEnded],
    ['a message about an answer', new Error('Failed to refresh token: invalid response'), transient],
    ['a message about an access token', new Error('Could not refresh the access token: unknown error'), transient],
    ['a message about a refresh', new Error('Token refresh failed with an invalid response'), transient],
    ['a message about a request', new Error('The token request failed: unknown error'), transient],
    ['a message with an address', new Error('connect ECONNREFUSED http://localhost:443'), transient],
    ['a stack that quotes its message', Object.assign(new Error('x'), { stack: 'x {"error":"invalid_grant"}' }), transient],
    ['an application that says so', new Error('Refresh token expired'), probablyEnded],
    ['a text', 'invalid_grant', ended],
  ])('is recognised: %s', (_name, error, expected) => {
    expect(summarized(classifyFailure(error, now))).toEqual(expected)
  })
})

describe('an HTTP client that hides the answer', () => {
  const answer = { statusCode: 400, body: { error: 'invalid_grant' } }
  it('by members that are not enumerable is understood', () => {
    const error = Object.defineProperty(new Error('x'), 'response', { value: answer })
    expect(classifyFailure(error, now)).toMatchObject({ ...ended, status: 400 })
  })

  it('by getters of its class is understood, also when another getter throws', () => {
    class ClientError extends Error {
      get broken(): string {
        throw new Error('getter')
      }
      get errors(): unknown {
        throw new Error('getter')
      }
      get response(): unknown {
        return answer
      }
    }
    expect(classifyFailure(new ClientError(), now)).toMatchObject({ ...ended, status: 400 })
  })
})

describe('a connection that failed', () => {
  const failed = (code: string, syscall?: string): Error => Object.assign(new Error('x'), { code, ...(syscall && { syscall }) })
  const fetchFailed = (cause: unknown): Error => new TypeError('fetch failed', { cause })
  it.each<[string, unknown, boolean]>([
    ['was refused', failed('ECONNREFUSED', 'connect'), true],
    ['was refused, by its code', failed('ECONNREFUSED'), true],
    ['found no name', fetchFailed(failed('ENOTFOUND', 'getaddrinfo')), true],
    ['found no resolver', failed('EAI_AGAIN', 'getaddrinfo'), true],
    ['found no host', failed('EHOSTUNREACH', 'connect'), true],
    ['timed out while connecting', failed('ETIMEDOUT', 'connect'), true],
    ['timed out while connecting, with fetch', fetchFailed(failed('UND_ERR_CONNECT_TIMEOUT')), true],
    [
      'was refused on every address',
      new AggregateError([failed('ECONNREFUSED', 'connect'), failed('ETIMEDOUT', 'connect')]),
      true,
    ],
    [
      'was refused on every address, with axios',
      Object.assign(new AxiosError('x', 'ECONNREFUSED'), { cause: new AggregateError([failed('ECONNREFUSED', 'connect')]) }),
      true,
    ],
    [
      'was refused on one address and broke on another',
      new AggregateError([failed('ECONNREFUSED', 'connect'), failed('ECONNRESET', 'read')]),
      false,
    ],
    ['has no address', new AggregateError([]), false],
    [
      'was refused, in an error that others wrap',
      [1, 2, 3, 4].reduce<Error>((cause) => new Error('x', { cause }), failed('ECONNREFUSED')),
      true,
    ],
    ['broke while reading', failed('EHOSTUNREACH', 'read'), false],
    ['broke while reading, with a code of connecting', failed('ECONNREFUSED', 'read'), false],
    ['lost its host at an unknown time', failed('EHOSTUNREACH'), false],
    ['lost its network at an unknown time', failed('ENETUNREACH'), false],
    ['was reset', fetchFailed(failed('ECONNRESET', 'read')), false],
    ['was closed by the other side', fetchFailed(failed('UND_ERR_SOCKET')), false],
    ['timed out', failed('ECONNABORTED'), false],
    ['gave no reason (a browser)', new TypeError('Failed to fetch'), false],
    [
      'is nested without end',
      Array.from({ length: 9 }).reduce<Error>((cause) => new Error('x', { cause }), failed('ECONNREFUSED')),
      false,
    ],
  ])('%s', (_name, error, notProcessed) => {
    expect(summarized(classifyFailure(error, now))).toEqual({ kind: 'transient', inferred: false, notProcessed })
  })

  it('is recognised in an error of another realm', () => {
    const other = runInNewContext(`Object.assign(new Error('x'), { code: 'EHOSTUNREACH', syscall: 'connect' })`) as unknown
    expect(classifyFailure(fetchFailed(other), now).notProcessed).toBe(true)
  })

  it('is not retried once there was an answer', () => {
    const error = Object.assign(axiosError(500, ''), { cause: failed('ECONNREFUSED', 'connect') })
    expect(classifyFailure(error, now).notProcessed).toBe(false)
  })
})

describe('Retry-After', () => {
  const date = (offset: number): string => new Date(now + offset).toUTCString()
  it.each<[string, unknown, number | undefined]>([
    ['seconds of a TokenEndpointError', new TokenEndpointError('x', { status: 503, retryAfter: '7' }), 7000],
    ['seconds in axios', axiosError(429, '', { 'Retry-After': '7' }), 7000],
    ['seconds in a plain object', { response: { status: 429, headers: { 'Retry-After': '7' } } }, 7000],
    ['a date in a Response', { response: new Response('', { status: 429, headers: { 'retry-after': date(5000) } }) }, 5000],
    ['a date by the clock of the server', axiosError(429, '', { date: date(-3_600_000), 'retry-after': date(-3_595_000) }), 5000],
    ['a date in the past', axiosError(429, '', { 'retry-after': date(-5000) }), 0],
    ['seconds in the body', axiosError(429, { message: 'You are being rate limited.', retry_after: 1.5 }), 1500],
    ['something else', axiosError(429, '', { 'retry-after': 'soon' }), undefined],
    ['nothing', axiosError(429, '', { 'retry-after': '' }), undefined],
    ['null', { response: { status: 429, headers: { 'retry-after': null } } }, undefined],
  ])('may be %s', (_name, error, expected) => {
    expect(classifyFailure(error, now).retryAfter).toBe(expected)
  })
})

describe('the option classify', () => {
  it('gets status, headers in lower case, the parsed body and the error, and decides first', () => {
    const headers = { 'X-Reason': 'session', 'X-None': null as unknown as string }
    const error = Object.assign(new Error('x'), { response: { status: 440, data: '{"why":"over"}', headers } })
    const seen: RefreshFailure[] = []
    const failure = classifyFailure(error, now, { classify: (given) => (seen.push(given), 'ended') })
    expect(seen).toEqual([{ status: 440, headers: { 'x-reason': 'session', 'x-none': '' }, body: { why: 'over' }, error }])
    expect(failure).toMatchObject({ ...ended, status: 440 })
  })

  it.each<[string, unknown, unknown]>([
    ['a body that was thrown', { error: 'x', code: 5 }, { error: 'x', code: 5 }],
    ['the result of Supabase', { data: {}, error: { code: 'x' } }, { data: {}, error: { code: 'x' } }],
    ['a TokenEndpointError', new TokenEndpointError('x', { status: 400, error: 'x' }), { error: 'x' }],
    ['a Response, whose body is not parsed', new Response('x', { status: 400 }), undefined],
    [
      'an error with a member that only begins like one',
      Object.assign(new Error('x'), { database: 'x', body: { a: 1 } }),
      { a: 1 },
    ],
    ['a form', axiosError(200, 'error=x&error_description=a+b'), { error: 'x', error_description: 'a b' }],
    ['other text', axiosError(500, 'oops'), 'oops'],
    ['nothing', undefined, undefined],
  ])('gets the body of %s', (_name, error, body) => {
    const seen: unknown[] = []
    classifyFailure(error, now, { classify: (given) => void seen.push(given.body) })
    expect(seen).toEqual([body])
  })

  it('may call a 429 or an invalid_grant something else', () => {
    expect(classifyFailure(axiosError(429, ''), now, { classify: () => 'ended' })).toMatchObject(ended)
    expect(classifyFailure(axiosError(400, { error: 'invalid_grant' }), now, { classify: () => 'transient' })).toMatchObject(
      transient,
    )
    expect(classifyFailure(axiosError(503, ''), now, { classify: () => 'transient' }).notProcessed).toBe(true)
  })

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a promise', () => Promise.resolve('transient')],
    ['an unknown kind', () => 'expired'],
    [
      'by throwing',
      () => {
        throw new Error('bug')
      },
    ],
  ])('leaves the decision to the rules by returning %s', (_name, classify) => {
    const failure = classifyFailure(axiosError(400, { error: 'invalid_grant' }), now, { classify: classify as () => undefined })
    expect(failure).toMatchObject(ended)
  })
})

describe('the summary', () => {
  it.each<[unknown, string]>([
    [axiosError(400, { error: 'invalid_grant', error_description: 'secret' }), 'invalid_grant'],
    [axiosError(400, { errors: [{ errorType: 'invalid_grant' }] }), 'invalid_grant'],
    [axiosError(400, { error: 'Own.error-1' }), 'Own.error-1'],
    [axiosError(400, { error: 'Bad Request', message: 'Invalid refresh token' }), 'HTTP 400'],
    [axiosError(400, { error: 'x'.repeat(65) }), 'HTTP 400'],
    [axiosError(400, { error: 'line\nbreak' }), 'HTTP 400'],
    [axiosError(503, { code: 'SECRET' }), 'HTTP 503'],
    [{ code: 'SECRET' }, ''],
    [Object.assign(new Error('x'), { errorCode: 'interaction_required' }), 'interaction_required'],
    [Object.assign(new Error('x'), { code: 'auth/user-token-expired' }), 'user-token-expired'],
    [
      Object.assign(new AxiosError('x', 'ERR_NETWORK'), { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) }),
      'ECONNRESET',
    ],
    [new AxiosError('x', 'ERR_NETWORK'), 'ERR_NETWORK'],
    [Object.assign(new Error('x'), { code: 'ECONNRESET', reason: 'MADE_UP' }), 'ECONNRESET'],
    [Object.assign(new Error('x'), { code: 'ERR-secret' }), ''],
    [new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'UND_ERR_SOCKET' }) }), 'UND_ERR_SOCKET'],
    [new Error('secret'), ''],
    [undefined, ''],
    [null, ''],
  ])('of %p is %j', (error, summary) => {
    expect(classifyFailure(error, now).summary).toBe(summary)
  })

  it('is the whole of what a failure holds of the answer, besides status and error', () => {
    const error = axiosError(
      400,
      { error: 'invalid_grant', error_description: 'secret', refresh_token: 'secret' },
      { 'x-a': 'secret' },
    )
    const failure = classifyFailure(error, now)
    expect(failure).toEqual({ ...ended, summary: 'invalid_grant', status: 400, oauthError: 'invalid_grant' })
  })
})

describe('hostile values', () => {
  const cycle: Record<string, unknown> = { error: 'invalid_grant' }
  cycle.cause = cycle
  const throwing = {
    error: 'x',
    get cause(): unknown {
      throw new Error('getter')
    },
  }
  it.each<[string, unknown]>([
    ['a cycle', cycle],
    ['a getter that throws', throwing],
    ['a revoked proxy', (({ proxy, revoke }) => (revoke(), proxy))(Proxy.revocable({}, {}))],
    ['a symbol', Symbol('x')],
    ['a big integer', 5n],
    ['a function', () => 1],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { status: {}, error: {}, headers: 5 })],
    ['headers that are no pairs', { headers: [5, null], status: 400 }],
    ['a broken form', axiosError(400, 'error=%E0%A4%A')],
    ['deep JSON', axiosError(400, '['.repeat(9999))],
    ['many errors', { errors: Array.from({ length: 1e5 }, () => ({ errors: [{}] })) }],
    ['a long text', axiosError(400, 'refresh token '.repeat(1e5))],
    ['a text of quotes', axiosError(400, '"x",'.repeat(2e5))],
    ['a text of braces', axiosError(400, '{"a":'.repeat(2e5))],
    ['a text of tags', axiosError(400, '<x>'.repeat(2e5))],
    ['a large buffer', axiosError(400, Buffer.alloc(1e6))],
  ])('never make the classification throw: %s', (_name, error) => {
    expect(classifyFailure(error, now).kind).toMatch(/^(ended|transient)$/)
  })
})

describe('what an answer says beside its codes', () => {
  it.each<[string, unknown, Partial<Failure>]>([
    [
      'a description that writes refreshtoken as one word',
      { status: 400, message: 'The refreshtoken is invalid' },
      probablyEnded,
    ],
    [
      'a challenge that names Basic inside a parameter',
      axiosError(401, '', { 'www-authenticate': 'Bearer realm="basic"' }),
      probablyEnded,
    ],
    ['a Basic challenge', axiosError(401, '', { 'www-authenticate': 'BASIC realm="x"' }), transient],
    ['a status as the code of a body', { code: 401 }, probablyEnded],
    ['a code that is no status', { code: 17 }, transient],
    ['a member that only begins like a status', { status_reason: 503, error: 'invalid_grant' }, ended],
    ['a Retry-After in an answer without a status', { error: 'invalid_grant', headers: { 'retry-after': '5' } }, ended],
  ])('counts: %s', (_what, failure, expected) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(expected)
  })

  it.each([42, 99, 600])('the status %i is none, and the next one counts', (status) => {
    expect(classifyFailure({ status, statusCode: 503 }, now).status).toBe(503)
  })

  it('Retry-After of a blank is no delay', () => {
    expect(classifyFailure({ status: 503, headers: { 'retry-after': ' ' } }, now).retryAfter).toBeUndefined()
    expect(classifyFailure({ status: 503, no_retry_after: 5 }, now).retryAfter).toBeUndefined()
  })

  it.each<[string, number | undefined]>([
    [' ', undefined],
    ['', undefined],
    [' 5 ', 5000],
    ['-5', 0],
  ])('Retry-After: %j is a delay of %p ms', (value, expected) => {
    expect(classifyFailure(axiosError(503, '', { 'retry-after': value }), now).retryAfter).toBe(expected)
  })
})
