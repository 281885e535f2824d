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
    [
      'a client whose clock is wrong',
      400,
      { error: 'invalid_request', error_description: 'client_assertion: "exp" claim timestamp check failed' },
      misconfigured,
    ],
    ['a proof of possession', 400, { error: 'invalid_dpop_proof', error_description: '"exp" claim check failed' }, transient],
    ['a number of the server beside invalid_grant', 400, { error: 'invalid_grant', code: 40029 }, ended],
    ['a signed request', 403, { message: 'Request signature has expired. Check the clock.' }, transient],
    ['a service account', 403, { message: 'Service account is disabled' }, transient],
    ['a database user', 500, { message: 'FATAL: user is locked' }, transient],
    ['a password of a database', 400, { message: 'ORA-28001: the password has expired' }, transient],
    ['a header', 403, { message: 'Token not found in Authorization header' }, transient],
    ['a column of a database', 400, { message: 'column "refresh_token" does not exist' }, transient],
    [
      'a variable of GraphQL',
      400,
      { errors: [{ message: 'Variable "$refreshToken" of type "String" used in position expecting type "String!".' }] },
      transient,
    ],
    ['PyJWT', 403, { detail: 'Signature has expired' }, probablyEnded],
    ['Simple JWT, after a new password', 403, { detail: "The user's password has been changed." }, probablyEnded],
    ['a token type', 400, { error: 'invalid_request', error_description: 'The token_type_hint is invalid' }, misconfigured],
    ['an account of hh.ru', 400, { error: 'invalid_request', error_description: 'account not found' }, misconfigured],
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

describe('a message that holds an address or a name', () => {
  it.each([
    'Http failure response for http://localhost/auth/refresh-token: 0 Unknown Error',
    'Http failure response for http://localhost/auth/refresh-token: 404 Not Found',
    '[POST] "/api/auth/refresh-token": 404 Not Found',
    'Request failed with status code 404 Not Found: POST http://localhost/auth/refresh-token',
    'invalid json response body at http://localhost/auth/refresh-token reason: Unexpected token < in JSON at position 0',
    'uri requested responds with an invalid redirect URL: /auth/refresh-token',
    'request to https://localhost/refresh-token failed, reason: certificate has expired',
    "ENOENT: no such file or directory, open '/data/refresh-token.json'",
    'File refresh-token.json is malformed',
    'java.net.UnknownHostException: refresh-token.example.com',
    'POST https://localhost/oauth/refresh-token/expired 404',
    'see https://localhost/errors#invalid_grant',
    'GraphQL Error (Code: 404): {"response":{"error":"Not Found","status":404},"request":{"query":"mutation { refreshToken }"}}',
    'Refresh failed: 400 {"errors":[{"type":"field","msg":"Invalid value","path":"refreshToken","location":"body"}]}',
    'Refresh failed: 404 {"title":"Not Found","status":404,"instance":"/api/auth/refresh-token"}',
  ])('keeps the session: %s', (message) => {
    expect(summarized(classifyFailure(new Error(message), now))).toEqual(transient)
  })

  it.each([
    'POST /auth/refresh-token failed: refresh token expired',
    'Invalid/expired refresh token',
    'expired access/refresh token',
    'Refresh token "abc.def" not found',
    '[401] Refresh token expired',
    'Errors.User.RefreshToken.Invalid',
  ])('ends the session by its other words: %s', (message) => {
    expect(summarized(classifyFailure(new Error(message), now))).toEqual(probablyEnded)
  })

  it('ends the session for certain by the JSON after an address', () => {
    const error = new Error('POST https://localhost/oauth/token returned 400: {"error":"invalid_grant"}')
    expect(classifyFailure(error, now)).toMatchObject({ ...ended, status: 400, oauthError: 'invalid_grant' })
  })
})

describe('a sentence whose subject is something else', () => {
  it.each([
    // A missing route or function.
    { status: 404, message: 'Route POST:/auth/refresh-token not found', error: 'Not Found', statusCode: 404 },
    { status: 404, message: 'Cannot POST /auth/refresh-token', error: 'Not Found' },
    { status: 404, error: 'Not Found', message: 'No static resource api/auth/refresh-token.', path: '/api/auth/refresh-token' },
    { status: 404, error: 'Not Found', exception: '#<RoutingError: No route matches [POST] "/auth/refresh_token">' },
    { status: 404, code: 'NOT_FOUND', message: 'Function refresh-token was not found' },
    { status: 404, code: 'NOT_FOUND', message: 'Action refreshToken does not exist' },
    { status: 404, name: 'ServiceNotFoundError', message: "Service 'auth.refreshToken' is not found." },
    { status: 404, error: { name: 'NotFoundError', message: 'Endpoint "POST /auth/refresh-token" not found.' } },
    { status: 400, code: 141, error: 'Invalid function: "refreshToken"' },
    { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found: refreshToken' } },
    { status: 404, type: 'https://localhost/refresh-token#not-found', title: 'Not Found' },
    // A schema or a validator.
    { errors: [{ message: 'Unknown argument "refreshToken" on field "Mutation.refreshToken".' }] },
    { errors: [{ message: 'Unknown type "RefreshTokenInput".' }] },
    {
      errors: [{ message: "field 'refreshToken' not found in type: 'mutation_root'", extensions: { code: 'validation-failed' } }],
    },
    { errors: [{ message: 'Variable "$refreshToken" got invalid value 5; String cannot represent a non string value: 5' }] },
    { status: 400, message: 'JSON parse error: Unrecognized field "refreshToken" (class com.x.Body), not marked as ignorable' },
    { status: 400, message: 'Unrecognized key: "refreshToken"' },
    new Error('Invalid value undefined supplied to : { refresh_token: string }/refresh_token: string'),
    new Error('Unknown property refreshToken'),
    // A database.
    new Error('relation "refresh_tokens" does not exist'),
    new Error('column "refresh_token" of relation "sessions" does not exist'),
    new Error("Table 'app.refresh_tokens' doesn't exist"),
    new Error('Failed to delete expired refresh tokens'),
    new Error("Invalid `prisma.refreshToken.findUnique()` invocation: Can't reach database server at `db:5432`"),
    { status: 400, message: 'Could not validate refresh token: database connection is invalid' },
    { status: 400, message: 'Failed to look up refresh token: redis connection no longer valid' },
    new Error('refresh token lock expired'),
    // An unknown error.
    new Error('Unknown error occurred during refresh token'),
    new Error('Unknown host refresh-token'),
    // Another token, session, or sender.
    { status: 422, error: 'Invalid authenticity token' },
    { status: 403, error: { code: 403, message: 'Firebase App Check token is invalid.', status: 'PERMISSION_DENIED' } },
    { status: 403, message: 'The security token included in the request is invalid.' },
    { status: 403, message: 'Invalid API token' },
    { status: 400, message: 'upload session expired' },
    { status: 403, message: 'Your user agent has been blocked' },
    { status: 403, __type: 'InvalidSignatureException', message: 'Signature expired: 1 is now earlier than 2' },
    { code: 'org_login_required' },
    { code: 'USER_REJECTED' },
    // An error of the infrastructure, quoted after the name of the refresh token.
    new Error('Refresh token error: certificate has expired'),
    new Error('refresh_token grant failed: certificate has expired'),
    new Error('refreshToken() failed: certificate has expired'),
    new Error('[refreshToken] certificate has expired'),
    new Error('Refresh token exchange failed: Not Found'),
    { status: 404, message: 'refresh_token grant failed: 404 Not Found' },
    Object.assign(new Error('Not Found'), { name: 'RefreshTokenError', status: 404 }),
    Object.assign(new Error('Invalid response'), { name: 'RefreshTokenError' }),
    { status: 400, grant_type: 'refresh_token', message: 'Application not found' },
    { status: 400, error: 'Failed to validate refresh token: Post "https://localhost/token": dial tcp: lookup x: no such host' },
    { status: 400, error: 'failed to exchange refresh token: x509: certificate has expired or is not yet valid' },
    new Error('Failed to decrypt refresh token: Invalid key length'),
    // A verb, not an adjective.
    new Error('Could not validate refresh token: connect ECONNREFUSED 127.0.0.1:443'),
    new Error('Could not validate refresh token: timed out'),
    { status: 400, detail: 'Could not validate refresh token: Error 111 connecting to localhost:6379. Connection refused.' },
    // A part of the server that is named after a token or a session.
    { status: 400, message: 'Refresh token cookie domain is invalid' },
    { status: 400, message: 'Refresh token cookie could not be parsed: invalid cookie encoding' },
    { status: 400, error: 'Refresh token rotation is not active for this client' },
    { status: 400, message: 'refresh token store: expired' },
    { status: 400, message: 'Session store is invalid' },
    { status: 400, message: 'The token signing key is invalid' },
    { status: 400, message: 'The token issuer is invalid' },
    { status: 400, message: 'Refresh token invalidation failed' },
    // A token or a session of another kind.
    { status: 400, message: 'Push token is invalid' },
    { status: 400, message: 'Invalid registration token' },
    { status: 400, message: 'The payment session has expired' },
    { status: 400, message: 'OTP session expired' },
    new Error('The SSO session associated with this profile has expired.'),
    new Error('invalid session "adf4238a"'),
    new SyntaxError("JSON Parse error: Unrecognized token '<'"),
    new SyntaxError('Invalid or unexpected token'),
    // The server's own account.
    new Error('WRONGPASS invalid username-password pair or user is disabled.'),
    { status: 400, message: 'ORA-28000: The account is locked.' },
    { status: 400, message: "Access denied for user 'app'@'10.0.0.1'. Account is locked." },
    new Error("Login failed for user 'app'. Reason: The account is disabled."),
    { status: 400, name: 'ExpiredTokenException', message: 'The security token included in the request is expired' },
    { status: 403, message: 'The service account is locked' },
    { status: 400, message: 'User pool client x does not exist.' },
    // A locked record.
    { status: 400, code: 'SESSION_RECORD_LOCKED' },
    { status: 400, code: 'TOKEN_STORE_LOCKED' },
    { status: 423, error: 'session_locked', message: 'The session is locked by another request' },
    { status: 200, body: { status: 'account_unlocked' } },
  ])('keeps the session: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(transient)
  })

  it('does not hide another sentence', () => {
    const withMessage = (message: string): Partial<Failure> => summarized(classifyFailure(new Error(message), now))
    expect(withMessage('The refresh token has expired. A new sign-in is required.')).toEqual(probablyEnded)
    expect(withMessage('The refresh token was refused. It has expired.')).toEqual(probablyEnded)
    expect(withMessage('The refresh token was accepted. The subscription has expired.')).toEqual(transient)
  })
})

describe('a code of the platform without a status', () => {
  const failed = (message: string, code: string): Error => Object.assign(new Error(message), { name: 'RefreshTokenError', code })
  it.each(['ECONNREFUSED', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'UND_ERR_SOCKET', 'ER_ACCOUNT_HAS_BEEN_LOCKED'])(
    'keeps the session, whatever the words are: %s',
    (code) => {
      expect(classifyFailure(failed('The refresh token has expired', code), now).kind).toBe('transient')
      expect(classifyFailure(new Error('Session expired', { cause: failed('x', code) }), now).kind).toBe('transient')
    },
  )

  it.each(['EXPIRED', 'ERR_JWT_EXPIRED', 'ERROR', 'E_REFRESH', 'AUTH_ERROR'])('is none of an application: %s', (code) => {
    expect(classifyFailure(failed('The refresh token has expired', code), now)).toMatchObject(probablyEnded)
  })

  it('does not count beside a status', () => {
    const error = Object.assign(failed('x', 'ECONNRESET'), { status: 400, body: { error: 'invalid_grant' } })
    expect(classifyFailure(error, now)).toMatchObject(ended)
  })
})

describe('a 401 that blames another credential than that of the user', () => {
  it.each([
    { error: { code: 401, message: 'Firebase App Check token is invalid.', status: 'UNAUTHENTICATED' } },
    { msg: 'Missing CSRF token' },
    { msg: 'CSRF double submit tokens do not match' },
    { message: 'Invalid XSRF token' },
    { message: 'Invalid API key' },
    { message: 'Legacy API keys are disabled' },
    { message: 'Access denied due to invalid subscription key.' },
    { fault: { faultstring: 'Invalid ApiKey' } },
    { httpCode: '401', httpMessage: 'Unauthorized', moreInformation: 'Invalid client id or secret.' },
    { tppMessages: [{ category: 'ERROR', code: 'CERTIFICATE_EXPIRED', text: 'The certificate has expired' }] },
    { message: 'Invalid request signature' },
    { message: 'Request timestamp is too old' },
    { message: 'Could not connect to the session database' },
  ])('keeps the session: %j', (body) => {
    expect(summarized(classifyFailure(axiosError(401, body), now))).toEqual(transient)
  })

  it.each(['Basic realm="x"', 'Digest realm="x"', 'Negotiate', 'NTLM'])('by the challenge %s keeps the session', (challenge) => {
    expect(classifyFailure(axiosError(401, '', { 'WWW-Authenticate': challenge }), now)).toMatchObject(transient)
  })

  it.each([
    { message: 'Invalid signature' },
    { message: 'Invalid credentials' },
    { message: 'Could not validate refresh token' },
    { message: 'Your session has expired because your address changed' },
  ])('and one that does not suggests an ended session: %j', (body) => {
    expect(summarized(classifyFailure(axiosError(401, body), now))).toEqual(probablyEnded)
  })
})

describe('a token that is still good', () => {
  it.each([
    { status: 400, error: 'invalid_grant', error_description: 'token request is already being processed' },
    { status: 400, error: 'invalid_grant', error_description: 'token not expired' },
    { status: 400, errors: ['We cannot refresh this since the token has not expired'] },
    { status: 400, errors: ['Token has not expired yet, refresh token is still valid'] },
    { status: 400, errors: ["This token hasn't expired yet"] },
    { status: 400, message: 'This token has not yet expired' },
    { status: 400, code: 'TOKEN_NOT_EXPIRED', message: 'x' },
    { status: 403, error: 'The refresh token is not valid yet.' },
    { status: 401, error: 'The refresh token is not yet valid.' },
    { status: 403, message: 'Refresh token used too early' },
    Object.assign(new Error('jwt not active'), { name: 'NotBeforeError' }),
  ])('keeps the session: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(transient)
  })

  it.each([
    { status: 400, error: 'invalid_grant', error_description: 'The token has already been processed' },
    { status: 400, error: 'invalid_grant', error_description: 'Token expired, try again later' },
  ])('is told from one that is not: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(ended)
  })
})

describe('a status in a message', () => {
  it.each<[string, number]>([
    ['Token refresh failed: 500 {"error":"invalid_grant"}', 500],
    ['Refresh failed (429): {"error":"invalid_grant"}', 429],
    ['Refresh failed with 502: <error>invalid_grant</error>', 502],
    ['Token refresh failed: 503 {"message":"Your session has expired"}', 503],
    ['Refresh failed: 500 <?xml version="1.0"?><faultstring>invalid_grant</faultstring>', 500],
  ])('of a failing server keeps the session: %s', (message, status) => {
    const failure = classifyFailure(new Error(message), now)
    expect(failure).toMatchObject({ kind: 'transient', status, notProcessed: status === 429 || status === 503 })
  })

  it.each([
    'Token refresh failed: 401',
    'Failed to refresh token: 401 Unauthorized',
    'Refresh failed (401)',
    'The refresh was refused (401)',
    '401 Unauthorized',
    'Got 401 from the server',
    'Received response 401 from the token endpoint',
    'The server returned 401',
    'Refresh failed with status 401',
    'Error 401',
  ])('of 401 suggests an ended session: %s', (message) => {
    expect(classifyFailure(new Error(message), now)).toMatchObject({ ...probablyEnded, status: 401 })
  })

  it.each([
    'Token refresh failed: connect ECONNREFUSED 10.0.0.1:401',
    'Token refresh failed after 401 ms',
    'Refresh failed: 401ms',
    'Received 401 bytes',
    'Got 401kB',
    'Refresh failed: 4011',
    'Attempt 401',
  ])('is no duration, port or size: %s', (message) => {
    expect(classifyFailure(new Error(message), now)).toMatchObject(transient)
  })
})

describe('an answer about the client', () => {
  it.each([
    { status: 401, error: 'deleted_client', error_description: 'The OAuth client was deleted.' },
    { status: 401, error: 'disabled_client' },
    { status: 401, error: 'unknown_client' },
    { status: 400, error: 'client_not_found' },
    { status: 400, error: 'unauthorized_client', error_description: 'See https://localhost/errors#invalid_grant' },
    { status: 400, error: 'unsupported_grant_type', error_description: 'Invalid grant: refresh_token is not enabled' },
    new Error('Token refresh failed: 401 {\n  "error": "deleted_client"\n}'),
  ])('names a wrong setting: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(misconfigured)
  })

  it.each(['access_denied', 'use_dpop_nonce', 'insufficient_scope', 'authorization_pending'])(
    'with 401 and the OAuth error %s infers nothing',
    (error) => expect(classifyFailure({ status: 401, error }, now)).toMatchObject(transient),
  )

  it.each(['Unauthorized', 'unauthorized', 'not_logged_in'])(
    'with 401 and its own error %s suggests an ended session',
    (error) => {
      expect(classifyFailure({ status: 401, error }, now)).toMatchObject(probablyEnded)
    },
  )

  it('with invalid_request and the words of invalid_grant ends the session, but not for certain', () => {
    const failure = { status: 400, error: 'invalid_request', error_description: 'Invalid grant' }
    expect(classifyFailure(failure, now)).toMatchObject(probablyEnded)
  })
})

describe('an answer about the user, the consent or a token in other words', () => {
  it.each([
    { status: 400, __type: 'NotAuthorizedException', message: 'User is disabled.' },
    { status: 400, __type: 'PasswordResetRequiredException' },
    { status: 403, code: 'ACCOUNT_DEACTIVATED' },
    { status: 403, code: 'USER_DEACTIVATED' },
    { status: 400, error: 'account_deleted' },
    { status: 400, error: 'inactive_user' },
    { status: 400, error: 'inactive_org' },
    { status: 404, error: 'inactive-account' },
    { status: 403, message: '403 Forbidden - Your account has been blocked.' },
    { status: 403, message: '403 Forbidden - Your password expired.' },
    { status: 400, detail: "The user's password has been changed.", code: 'password_changed' },
    { status: 400, error: { message: 'CREDENTIAL_TOO_OLD_LOGIN_AGAIN' } },
    { status: 400, tppMessages: [{ category: 'ERROR', code: 'CONSENT_EXPIRED' }] },
    { status: 400, tppMessages: [{ category: 'ERROR', code: 'CONSENT_INVALID' }] },
    { status: 400, error_code: 'ITEM_LOGIN_REQUIRED' },
    { ok: false, error: 'invalid_auth' },
    { ok: false, error: 'not_authed' },
    { status: 400, error: 'invalid_refresh' },
    { status: 400, code: 'isv.refresh-token-time-out' },
    { status: 400, error: 'refresh_token_invalidated' },
    { error: 'token not found', error_code: 6, error_description: 'token not found' },
    { code: 404, message: 'Token not found' },
    { status: 400, error: 'The token has been blacklisted' },
    { status: 403, detail: 'Signature has expired' },
    { status: 403, error: '"exp" claim timestamp check failed' },
    { status: 403, message: 'jwt malformed' },
    { status: 403, error: 'Forbidden', exception: 'io.jsonwebtoken.ExpiredJwtException' },
    { status: 403, errors: [{ type: 'oauth', value: 'token_revoked' }] },
    { status: 404, message: 'Session not found' },
    { status: 403, message: 'Your session has been terminated' },
    { status: 400, message: 'Session has ended. Please login again' },
    { status: 403, message: 'Your session is no longer valid' },
    { status: 403, message: 'Session is not active' },
    { status: 403, error: 'No active session' },
    { status: 400, error: 'invalid_request', error_description: 'session not found' },
    { status: 'UNAUTHORISED', message: 'Session does not exist. Are you sending access token to core?' },
    { status: 400, msg: 'unauthorized, your session was ended earlier' },
    { status: 404, detail: 'Token does not exist.' },
    { status: 400, detail: 'The token is not valid' },
    { status: 400, detail: 'Token is no longer valid' },
    { status: 400, non_field_errors: ['Refresh has expired.'] },
    { status: 404, message: 'User not found' },
    { status: 403, message: 'This account no longer exists' },
    { status: 403, message: 'User is blocked' },
    { status: 403, message: 'Your account is locked' },
    { status: 403, message: 'User has logged out.' },
    { status: 403, message: 'Please log in again' },
    { status: 403, error: 'Refresh token mismatch' },
    { status: 403, message: 'Refresh token has been rotated' },
    { status: 403, error: { failures: [{ code: 'error.consent.expired', description: 'Consent has expired' }] } },
    { status: 403, message: 'Session token not found or invalid' },
    { status: 403, message: 'token signature is invalid: signature is invalid' },
    { status: 403, message: 'The session cookie has been revoked' },
    { status: 403, code: 'SESSION_TERMINATED' },
    { status: 403, code: 'SESSION_ENDED' },
    { status: 403, code: 'USER_LOGGED_OUT' },
    { status: 403, code: 'RELOGIN_REQUIRED' },
    { status: 403, code: 'REFRESH_EXPIRED' },
    { status: 403, code: 'REFRESH_TOKEN_MISMATCH' },
    { status: 403, code: 'REFRESH_TOKEN_ROTATED' },
    { status: 403, code: 'ACCOUNT_LOCKED' },
    { status: 403, error: 'sso_required' },
    { ok: false, error: { kind: 'refresh_token_expired' } },
    // The subject and the state in one clause, or a clause that is nothing but a state.
    new Error('Refresh token: expired'),
    new Error('Could not validate refresh token: expired or revoked'),
    new Error('Failed to refresh token: session is expired'),
    new Error('Refresh failed: the refresh token is invalid'),
    { status: 400, message: 'Refresh token "abc" does not exist.' },
    { status: 400, message: 'Refresh token not found in storage' },
    { status: 400, message: 'Invalid access token or refresh token' },
    { status: 400, message: 'Invalid or expired user session' },
    { status: 400, message: 'Revoked OAuth Token' },
    new Error('No refresh token found'),
    Object.assign(new Error('16 UNAUTHENTICATED: x'), { code: 16 }),
    Object.assign(new Error('[unauthenticated] x'), { code: 16 }),
    new Error('El refresh token no es válido'),
    new Error("Le refresh token n'est pas valide"),
    new Error('Il refresh token non è valido'),
    new Error('Il refresh token è scaduto'),
    new Error('Refresh token is verlopen'),
    new Error('Refresh token tidak valid'),
    new Error('refresh_token已过期'),
    new Error('refresh_token无效'),
  ])('suggests an ended session: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(probablyEnded)
  })
})

describe('a conflict or a busy server', () => {
  it.each([
    { status: 409, message: 'This refresh token was just used. Retry with the newest one.' },
    { code: 'refresh_conflict', message: 'This refresh token was just used.' },
    { status: 400, message: 'deadline exceeded: refresh token lookup expired' },
    { status: 401, error: 'invalid_token', error_description: 'Jwks remote fetch is failed' },
    { status: 400, error: 'invalid_request', error_description: 'Token service is busy, please retry' },
    { status: 400, error: 'invalid_request', error_description: 'Timed out while validating the refresh token' },
    { status: 403, message: 'The token service is overloaded: session is expired' },
    { status: 403, message: 'Access denied by security policy. Session token invalid.' },
    {
      status: 401,
      error: 'invalid_token',
      error_description: "An error occurred while attempting to decode the Jwt: Couldn't retrieve remote JWK set: Read timed out",
    },
    { status: 400, code: 'invalid_token', message: 'The refresh token is already in use' },
  ])('keeps the session: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(transient)
  })

  it.each([
    { status: 400, error: 'session_expired', message: 'Your session expired due to the security policy of your organization.' },
    { status: 400, error: 'session_revoked', error_description: 'The account is being used on another device' },
    { status: 403, code: 'SESSION_INVALID', message: 'Your account is already in use on another device. Sign in again.' },
  ])('does not hide an end by its words: %j', (failure) => {
    expect(summarized(classifyFailure(failure, now))).toEqual(probablyEnded)
  })

  it('ends the session by the words about a used token with another status, and by a code that is certain', () => {
    expect(classifyFailure({ status: 401, message: 'This refresh token was just used.' }, now)).toMatchObject(probablyEnded)
    expect(classifyFailure({ status: 409, error: 'invalid_grant' }, now)).toMatchObject(ended)
  })
})

describe('a value that the refresh function resolved with', () => {
  const resolved = (value: unknown): Partial<Failure> => summarized(classifyFailure(value, now, { isResolved: true }))

  it('may have numbers of its own in status and code, which are no HTTP status', () => {
    expect(resolved({ status: 503, error: 'Invalid Params: invalid refresh_token' })).toEqual(probablyEnded)
    expect(resolved({ code: 500, msg: 'refresh token expired' })).toEqual(probablyEnded)
    expect(resolved({ code: '500', msg: 'refresh token expired' })).toEqual(probablyEnded)
    expect(resolved({ code: 500, msg: 'busy' })).toEqual(transient)
    expect(resolved({ status: 503 })).toEqual(transient)
  })

  it('does not end the session for certain with such a number', () => {
    expect(resolved({ status: 503, error: 'invalid_grant' })).toEqual(probablyEnded)
    expect(resolved({ status: 400, error: 'invalid_grant' })).toEqual(ended)
  })

  it('has its HTTP status as a whole response, or inside a member', () => {
    expect(resolved({ status: 503, data: { error: 'invalid_grant' }, headers: {} })).toEqual({ ...transient, notProcessed: true })
    expect(resolved({ error: { status: 503, data: { error: 'invalid_grant' } } })).toEqual({ ...transient, notProcessed: true })
  })

  it('is classified by its status when it was thrown', () => {
    const body = { status: 503, error: 'Invalid Params: invalid refresh_token' }
    expect(summarized(classifyFailure(body, now))).toEqual({ ...transient, notProcessed: true })
  })

  it('is left to classify first', () => {
    const options = { isResolved: true, classify: () => 'ended' as const }
    expect(classifyFailure({ status: 503 }, now, options)).toMatchObject(ended)
    const hostile = Proxy.revocable({}, {})
    hostile.revoke()
    expect(resolved(hostile.proxy)).toEqual(transient)
  })
})

describe('long texts', () => {
  const pieces = ['"x",', '"', '{"a":', '[', '/a', '/', ' ', 'token ', 'refresh token ', 'error ', 'failed with ', '401 ']
  const others = [
    '(',
    'a.',
    'a-',
    'fail',
    'refresh',
    '. it ',
    'type-',
    'field ',
    'session is ',
    'user is ',
    '| ',
    'x=[[',
    '\n',
    '1',
    '_listed',
    'auth or ',
  ]
  // A search that is not linear would take minutes, longer than a test may.
  it.each([...pieces, ...others])('of a megabyte are classified within the time of a test: %j', (piece) => {
    const text = piece.repeat(1_000_000 / piece.length)
    const shapes = [
      axiosError(400, text),
      axiosError(400, `a=${text.replace(/\s/g, '_')}`),
      new Error(text),
      { errors: Array.from({ length: 1000 }, () => ({ message: text.slice(0, 1000) })) },
    ]
    for (const shape of shapes) expect(classifyFailure(shape, now).kind).toMatch(/^(ended|transient)$/)
  })
})
