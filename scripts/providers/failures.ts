/**
 * The meaning of an answer that brings no token. `ended`: certainly over; `probably ended`: inferred; `kept`: the session goes on;
 * `misconfigured`: a setting is wrong.
 */
export type Meaning = 'ended' | 'probably ended' | 'misconfigured' | 'kept'

/** An answer of a token endpoint without a token. */
export interface FailureShape {
  readonly name: string
  readonly status: number
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
  readonly means: Meaning
  /** The meaning for the grants of this package, which infer nothing from a status. Default: `means`. */
  readonly meansForGrants?: Meaning
  /** Only the status tells: a function that passes the body on without it can't be understood. */
  readonly needsStatus?: boolean
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const text = { 'content-type': 'text/plain' }
const xml = { 'content-type': 'application/xml' }
const html = { 'content-type': 'text/html' }

/** The answers of named providers to a dead refresh token. */
export const documentedEnds: readonly FailureShape[] = [
  { name: 'RFC 6749', status: 400, body: { error: 'invalid_grant' }, means: 'ended' },
  {
    name: 'Atlassian, Auth0',
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
    means: 'ended',
  },
  {
    name: 'GitHub',
    status: 200,
    body: { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' },
    means: 'ended',
  },
  {
    name: 'GitHub, as a form',
    status: 200,
    headers: form,
    body: 'error=bad_refresh_token&error_description=The+refresh+token+passed+is+incorrect+or+expired.&error_uri=https%3A%2F%2Fdocs.example.com',
    means: 'ended',
  },
  {
    name: 'Microsoft Entra: interaction',
    status: 400,
    body: { error: 'interaction_required', suberror: 'basic_action', error_codes: [50076] },
    means: 'probably ended',
  },
  {
    name: 'Microsoft Entra: sign-in',
    status: 400,
    body: { error: 'login_required', suberror: 'token_expired' },
    means: 'probably ended',
  },
  {
    name: 'Microsoft Entra: consent',
    status: 400,
    body: { error: 'consent_required', suberror: 'consent_required' },
    means: 'probably ended',
  },
  {
    name: 'X',
    status: 400,
    body: { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' },
    means: 'probably ended',
  },
  {
    name: 'Laravel Passport',
    status: 401,
    body: {
      error: 'invalid_request',
      error_description: 'The refresh token is invalid.',
      hint: 'Token has been revoked',
      message: 'The refresh token is invalid.',
    },
    means: 'probably ended',
  },
  {
    name: 'Twitch',
    status: 400,
    body: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' },
    means: 'probably ended',
  },
  {
    name: 'Strava',
    status: 400,
    body: { message: 'Bad Request', errors: [{ resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }] },
    means: 'probably ended',
  },
  {
    name: 'Fitbit',
    status: 400,
    body: {
      errors: [{ errorType: 'invalid_grant', message: 'Refresh token invalid: x. Visit https://dev.example.com' }],
      success: false,
    },
    means: 'ended',
  },
  { name: 'Slack', status: 200, body: { ok: false, error: 'invalid_refresh_token' }, means: 'ended' },
  {
    name: 'own backend: message',
    status: 401,
    body: { statusCode: 401, message: 'Unauthorized' },
    means: 'probably ended',
    meansForGrants: 'kept',
  },
  {
    name: 'own backend: error',
    status: 401,
    body: { message: 'No session', error: 'Unauthorized', statusCode: 401 },
    means: 'probably ended',
    meansForGrants: 'kept',
  },
  { name: 'own backend: empty body', status: 401, body: '', means: 'probably ended', meansForGrants: 'kept', needsStatus: true },
  {
    name: 'Facebook, Instagram',
    status: 400,
    body: {
      error: {
        message: 'Error validating access token: The session has been invalidated.',
        type: 'OAuthException',
        code: 190,
        error_subcode: 460,
      },
    },
    means: 'probably ended',
  },
]

/** Overload and outages of named providers that do not look like it. */
export const documentedOverloads: readonly FailureShape[] = [
  {
    name: 'Zoho',
    status: 400,
    body: {
      error: 'Access Denied',
      error_description: 'You have made too many requests continuously. Please try again after some time.',
      status: 'failure',
    },
    means: 'kept',
  },
  { name: 'Slack', status: 200, headers: { 'retry-after': '60' }, body: { ok: false, error: 'ratelimited' }, means: 'kept' },
]

/** Further ends of the same kinds. */
export const otherEnds: readonly FailureShape[] = [
  ...(
    [
      ['a code in another member', 400, { code: 'invalid_grant' }],
      ['a code in capitals', 400, { errorCode: 'INVALID_GRANT', errorMessage: 'x' }],
      ['an object in error', 400, { error: { code: 'invalid_grant', message: 'x' } }],
      ['an error in error', 400, { error: { error: 'invalid_grant' } }],
      ['a type in error', 400, { error: { type: 'invalid_grant', status: 400 } }],
      ['a list of codes', 400, { errors: ['invalid_grant'] }],
      ['a list at the top', 400, [{ errorCode: 'invalid_grant', message: 'x' }]],
      ['a number beside the code', 400, { code: 20037, error: 'invalid_grant', error_description: 'x' }],
      ['a flag beside the code', 400, { error: true, message: 'invalid_grant' }],
      ['the code in a sentence', 400, { message: 'invalid_grant: Token has been expired or revoked.' }],
      ['the code in brackets', 400, { message: 'OAuth error [invalid_grant]' }],
      ['a problem document', 400, { type: 'urn:example:problem:invalid_grant', title: 'Bad Request', status: 400 }],
      ['a code with a namespace', 400, { __type: 'com.example.idp#InvalidGrantException', message: 'x' }],
      ['errors of a gateway', 400, { fault: { faultstring: 'x', detail: { errorcode: 'oauth.v2.invalid_grant' } } }],
      ['a member meta', 400, { meta: { code: 400, error_type: 'invalid_grant' }, data: null }],
      ['an inner error', 400, { innererror: { code: 'invalid_grant' } }],
      ['a list of messages', 400, { messages: [{ code: 'invalid_grant' }] }],
      ['GraphQL', 200, { data: null, errors: [{ message: 'x', extensions: { code: 'INVALID_GRANT' } }] }],
      ['Google', 400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }],
      ['a description in another language', 400, { error: 'invalid_grant', error_description: 'Le jeton est invalide.' }],
      ['a forbidden grant', 403, { message: 'x', error: { name: 'invalid_grant' } }],
      ['an unauthorized grant', 401, { error: 'invalid_grant', error_description: 'Invalid refresh token' }],
      ['an end with status 200', 200, { success: false, error_code: 'invalid_grant' }],
      ['JSON inside JSON', 400, { message: JSON.stringify({ error: 'invalid_grant' }) }],
    ] as const
  ).map(([name, status, body]): FailureShape => ({ name, status, body, means: 'ended' })),
  { name: 'a byte order mark', status: 400, body: '\ufeff{"error":"invalid_grant"}', means: 'ended' },
  { name: 'JSON as text', status: 400, headers: text, body: ' {"error":"invalid_grant"}\n', means: 'ended' },
  { name: 'JSON as HTML', status: 400, headers: html, body: '{"error":"invalid_grant"}', means: 'ended' },
  {
    name: 'a form',
    status: 400,
    headers: form,
    body: 'error=invalid_grant&error_description=Der+Token+ist+abgelaufen',
    means: 'ended',
  },
  { name: 'the code alone, as text', status: 400, headers: text, body: 'invalid_grant', means: 'ended' },
  {
    name: 'XML',
    status: 400,
    headers: xml,
    body: '<?xml version="1.0"?><OAuth><error>invalid_grant</error><error_description>x</error_description></OAuth>',
    means: 'ended',
  },
  { name: 'XML in attributes', status: 400, headers: xml, body: '<error code="invalid_grant" message="x"/>', means: 'ended' },
  ...(
    [
      ['Simple JWT', 401, { detail: 'Token is invalid or expired', code: 'token_not_valid' }],
      ['Simple JWT, blacklisted', 401, { detail: 'Token is blacklisted', code: 'token_not_valid' }],
      ['Simple JWT, a deleted user', 401, { detail: 'No active account found for the given token.', code: 'no_active_account' }],
      ['a reuse', 400, { error: 'invalid_request', error_description: 'refresh token reuse detected' }],
      ['a reuse in another member', 400, { message: 'Refresh token reuse detected' }],
      ['an expired token', 400, { error: 'invalid_request', error_description: 'The refresh token has expired' }],
      ['a token that is not known', 400, { error: 'invalid_request', error_description: 'Refresh token not found' }],
      [
        'a token that is gone',
        400,
        { error: 'invalid_request', error_description: 'The specified refresh token does not exist.' },
      ],
      ['a token that is not recognised', 400, { message: 'Unrecognized refresh token' }],
      ['a token that is no longer valid', 403, { message: 'Your refresh token is no longer valid.' }],
      ['a token that is inactive', 400, { error: 'invalid_request', error_description: 'Refresh token is inactive' }],
      ['a token on a list', 400, { msg: 'refresh token has been blacklisted' }],
      ['a rotated token', 400, { error: 'invalid_request', error_description: 'Refresh token was already used.' }],
      ['an incorrect token', 400, { message: 'Incorrect refresh token' }],
      [
        'another language, in English terms',
        400,
        { error: 'invalid_request', error_description: 'El refresh_token ha expirado' },
      ],
      ['another language with its own adjective', 400, { error: 'invalid_request', error_description: 'Refresh-Token ungültig' }],
      [
        'a refresh token in a list of a validator',
        422,
        { message: 'x', errors: { refresh_token: ['The refresh token is invalid.'] } },
      ],
      [
        'the error of a JWT library',
        403,
        { name: 'TokenExpiredError', message: 'jwt expired', expiredAt: '2026-01-01T00:00:00Z' },
      ],
      ['the message of a JWT library', 403, { error: 'jwt expired' }],
      ['the code of a JWT library', 400, { code: 'ERR_JWT_EXPIRED', message: '"exp" claim timestamp check failed' }],
      ['a code of its own', 400, { code: 'REFRESH_TOKEN_EXPIRED' }],
      ['a code of its own, revoked', 400, { error: { code: 'RefreshTokenRevoked' } }],
      ['a code with a service', 400, { code: 'auth/refresh-token-invalid' }],
      ['a session with a code', 400, { error: 'session_expired' }],
      ['an expired session', 403, { message: 'Your session has expired. Please log in again.' }],
      ['a list at the top with a session', 401, [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]],
      ['an invalid session token', 400, { code: 209, error: 'Invalid session token' }],
      ['a provider of identities', 401, { errorCode: 'E0000011', errorSummary: 'Invalid token provided', errorCauses: [] }],
      [
        'a token used in the request',
        401,
        { serviceErrorCode: 65601, message: 'The token used in the request has been revoked by the user', status: 401 },
      ],
      ['numeric codes', 400, { code: 20026, msg: 'refresh token v1 is invalid' }],
      [
        'numeric codes with status 200',
        200,
        { data: { description: 'Refresh token is invalid or expired', error_code: 10010 }, message: 'error' },
      ],
      ['a code of a gateway', 400, { error_response: { code: '20000', msg: 'x', sub_code: 'isv.refresh-token-invalid' } }],
      ['Cognito', 400, { __type: 'NotAuthorizedException', message: 'Refresh Token has expired' }],
      ['gRPC', 401, { error: { code: 16, message: 'x', status: 'UNAUTHENTICATED' } }],
      ['a deactivated account', 200, { ok: false, error: 'account_inactive' }],
      ['a revoked token with status 200', 200, { ok: false, error: 'token_revoked' }],
      ['an expired token with a short code', 400, { error: 'expired_token', error_code: 21327 }],
    ] as const
  ).map(([name, status, body]): FailureShape => ({ name, status, body, means: 'probably ended' })),
  { name: 'a text', status: 400, headers: text, body: 'Invalid refresh token', means: 'probably ended' },
  {
    name: 'XML with a sentence',
    status: 400,
    headers: xml,
    body: '<error><message>The refresh token has expired</message></error>',
    means: 'probably ended',
  },
  {
    name: 'a form with a sentence',
    status: 400,
    headers: form,
    body: 'error=invalid_request&error_description=refresh%20token%20expired',
    means: 'probably ended',
  },
  ...(
    [
      ['own backend: Laravel', { message: 'Unauthenticated.' }],
      ['own backend: Django', { detail: 'Authentication credentials were not provided.' }],
      ['own backend: Spring', { timestamp: '2026-01-01T00:00:00Z', status: 401, error: 'Unauthorized', path: '/auth/refresh' }],
      [
        'own backend: ASP.NET',
        { type: 'https://tools.ietf.org/html/rfc9110#section-15.5.2', title: 'Unauthorized', status: 401, traceId: '00-1-2-00' },
      ],
      ['own backend: a text', 'Unauthorized'],
      ['own backend: HTML', '<!doctype html><title>401</title><h1>Unauthorized</h1>'],
      ['own backend: null', 'null'],
      ['own backend: a flag', { success: false }],
      ['own backend: a number', { code: 40101, msg: '未登录' }],
    ] as const
  ).map(([name, body]): FailureShape => ({
    name,
    status: 401,
    body,
    means: 'probably ended',
    meansForGrants: 'kept',
    needsStatus: true,
  })),
]

/** Further overloads and outages of the same kinds, and answers that say nothing about the session. */
export const otherOverloads: readonly FailureShape[] = (
  [
    [
      'a limit of a Google API',
      403,
      {
        error: {
          code: 403,
          message: 'Quota exceeded for quota metric x',
          errors: [{ reason: 'rateLimitExceeded', domain: 'usageLimits' }],
          status: 'RESOURCE_EXHAUSTED',
        },
      },
    ],
    ['a limit of Salesforce', 403, [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }]],
    ['a quota in a message', 400, { message: 'API calls quota exceeded! maximum admitted 60 per Minute.' }],
    ['a quota with the word unauthorized', 401, { error: 'unauthorized', error_description: 'Quota exceeded for this client' }],
    ['a limit that was reached', 400, { error: 'request_limit_reached' }],
    ['calls per second', 403, { errors: 'Exceeded 2 calls per second for api client.' }],
    ['a throttled client', 400, { __type: 'ThrottlingException', message: 'Rate exceeded' }],
    ['a slow client', 400, { error: 'slow_down' }],
    [
      'too many requests of a refresh token',
      400,
      { error: 'invalid_request', error_description: 'Too many requests: the refresh token is used too often' },
    ],
    ['a busy server', 400, { error: 'server_busy', error_description: 'Try again later' }],
    ['an overloaded server', 403, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
    ['a service that is temporarily unavailable', 400, { error: 'temporarily_unavailable' }],
    [
      'a service that is unavailable, in words',
      401,
      { error: 'Unauthorized', message: 'The service is temporarily unavailable, please try again later.' },
    ],
    ['maintenance', 401, { message: 'The login is down for maintenance' }],
    ['a server error with status 400', 400, { error: 'server_error' }],
    ['a server error with status 200', 200, { ok: false, error: 'internal_server_error' }],
    [
      'Meta',
      400,
      { error: { message: '(#4) Application request limit reached', type: 'OAuthException', is_transient: true, code: 4 } },
    ],
    [
      'Meta, another limit',
      400,
      { error: { message: '(#613) Calls to this api have exceeded the rate limit.', type: 'OAuthException', code: 613 } },
    ],
    ['a time-out', 408, { message: 'Request timeout' }],
    ['a time-out behind a gateway', 400, { error: 'gateway_timeout' }],
    ['an early request', 425, { error: 'too_early' }],
    ['an ended session at a failing server', 500, { error: 'invalid_grant' }],
    ['an ended session at a full server', 429, { error: 'invalid_grant' }],
    ['HTML with status 200', 200, '<!doctype html><h1>Sign in</h1>'],
    [
      'HTML of a firewall',
      403,
      '<html><title>Attention Required!</title><p>Your session token has expired or is invalid</p></html>',
    ],
    ['HTML of an outage', 502, '<html><h1>502 Bad Gateway</h1></html>'],
    ['XML of a store', 403, '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'],
    ['broken JSON', 200, '{"access_token":'],
    ['an empty answer', 200, ''],
    ['nothing found', 404, { error: 'Not Found' }],
    ['a CSRF token', 403, { code: 'EBADCSRFTOKEN', message: 'invalid csrf token' }],
    ['a CSRF token of Laravel', 419, { message: 'CSRF token mismatch.' }],
    [
      'a validator',
      400,
      { errors: [{ path: ['refresh_token'], code: 'invalid_type', message: 'Invalid input: expected string' }] },
    ],
    ['an error of its own', 400, { error: 'whatever', error_description: 'something is wrong' }],
    ['a session of a database', 400, { error: 'failed', message: 'could not open a session: pool is full' }],
  ] as const
).map(([name, status, body]): FailureShape => {
  const headers = typeof body !== 'string' ? undefined : body.startsWith('<?xml') ? xml : body.startsWith('<') ? html : undefined
  return { name, status, body, means: 'kept', ...(headers && { headers }) }
})

/** Refusals of the client or the request, which do not end the session. */
export const misconfigurations: readonly FailureShape[] = (
  [
    ['a wrong client', 401, { error: 'invalid_client', error_description: 'Bad client credentials' }],
    ['a wrong client in an object', 401, { error: { code: 'invalid_client', message: 'x' } }],
    ['a wrong client with status 200', 200, { error: 'incorrect_client_credentials' }],
    ['a wrong secret of Slack', 200, { ok: false, error: 'bad_client_secret' }],
    [
      'a client without the grant',
      400,
      { error: 'unauthorized_client', error_description: 'The refresh token was issued to another client' },
    ],
    ['a grant that is not supported', 400, { error: 'unsupported_grant_type' }],
    ['a scope', 400, { error: 'invalid_scope' }],
    [
      'a missing parameter',
      400,
      { error: 'invalid_request', error_description: "The request body must contain the following parameter: 'refresh_token'." },
    ],
    [
      'a token that is missing or invalid',
      400,
      { error: 'invalid_request', error_description: 'The refresh token is missing or invalid' },
    ],
    ['a required token', 400, { error: 'invalid_request', error_description: 'A valid refresh token is required' }],
  ] as const
).map(([name, status, body]): FailureShape => ({ name, status, body, means: 'misconfigured' }))
