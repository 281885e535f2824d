import type { FailureShape } from './failure-shape.js'

const xml = { 'content-type': 'application/xml' }
const html = { 'content-type': 'text/html' }

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
    ['HTML after a comment', 404, '<!-- 17 --><html>Your session has expired, invalid token</html>'],
    ['HTML with data in a script', 403, '<!doctype html><script>page = {"error":"session_expired"}</script>'],
    ['a text of a firewall', 403, 'Request blocked: session token is invalid'],
    ['a captcha', 400, { message: 'captcha token is invalid' }],
    ['another refresh of the same token', 409, { message: 'refresh token is being used by another request' }],
    ['a proxy', 407, { code: 'PROXY_AUTHENTICATION_REQUIRED' }],
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
    ['Fastify, no route', 404, { message: 'Route POST:/auth/refresh-token not found', error: 'Not Found', statusCode: 404 }],
    ['NestJS, no route', 404, { message: 'Cannot POST /auth/refresh-token', error: 'Not Found', statusCode: 404 }],
    ['Spring, no route', 404, { status: 404, error: 'Not Found', message: 'No static resource api/auth/refresh-token.' }],
    [
      'Rails, no route',
      404,
      {
        status: 404,
        error: 'Not Found',
        exception: '#<ActionController::RoutingError: No route matches [POST] "/auth/refresh_token">',
      },
    ],
    ['Directus, no route', 404, { errors: [{ message: "Route /auth/refresh-token doesn't exist." }] }],
    ['Supabase, no function', 404, { code: 'NOT_FOUND', message: 'Function refresh-token was not found' }],
    ['Moleculer, no service', 404, { name: 'ServiceNotFoundError', message: "Service 'auth.refreshToken' is not found." }],
    ['Parse, no function', 400, { code: 141, error: 'Invalid function: "refreshToken"' }],
    ['JSON-RPC, no method', 200, { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found: refreshToken' } }],
    [
      'graphql-js, an argument',
      400,
      { errors: [{ message: 'Unknown argument "refreshToken" on field "Mutation.refreshToken".' }] },
    ],
    ['graphql-js, a type', 400, { errors: [{ message: 'Unknown type "RefreshTokenInput".' }] }],
    [
      'Hasura, a field',
      200,
      {
        errors: [
          { message: "field 'refreshToken' not found in type: 'mutation_root'", extensions: { code: 'validation-failed' } },
        ],
      },
    ],
    [
      'Jackson, a field',
      400,
      { status: 400, error: 'Bad Request', message: 'JSON parse error: Unrecognized field "refreshToken" (class com.x.Body)' },
    ],
    ['PostgreSQL, a table', 400, { message: 'relation "refresh_tokens" does not exist' }],
    ['MySQL, a table', 400, { message: "Table 'app.refresh_tokens' doesn't exist" }],
    ['a CSRF token of Rails', 422, { error: 'Invalid authenticity token' }],
    [
      'Firebase App Check',
      403,
      { error: { code: 403, message: 'Firebase App Check token is invalid.', status: 'PERMISSION_DENIED' } },
    ],
    ['AWS, credentials of the caller', 403, { message: 'The security token included in the request is invalid.' }],
    ['Istio, no keys', 401, { error: 'invalid_token', error_description: 'Jwks remote fetch is failed' }],
    ['a conflict', 409, { code: 'refresh_conflict', message: 'This refresh token was just used.' }],
    [
      'Salesforce, two requests at once',
      400,
      { error: 'invalid_grant', error_description: 'token request is already being processed' },
    ],
    [
      'Spring Security, no keys',
      401,
      {
        error: 'invalid_token',
        error_description:
          "An error occurred while attempting to decode the Jwt: Couldn't retrieve remote JWK set: Read timed out",
      },
    ],
    [
      'Go, no name server',
      400,
      { error: 'Failed to validate refresh token: Post "https://x/token": dial tcp: lookup login.example.com: no such host' },
    ],
    [
      'Go, an expired certificate',
      400,
      { error: 'failed to exchange refresh token: x509: certificate has expired or is not yet valid: current time 2026' },
    ],
    [
      'Python, no connection',
      400,
      { detail: 'Could not validate refresh token: Error 111 connecting to localhost:6379. Connection refused.' },
    ],
    ['.NET, before its expiry', 400, { success: false, errors: ['We cannot refresh this since the token has not expired'] }],
    ['own backend: before its time', 403, { error: 'The refresh token is not valid yet.' }],
    ['Redis, a user', 400, { message: 'WRONGPASS invalid username-password pair or user is disabled.' }],
    ['Oracle, a user', 400, { message: 'ORA-28000: The account is locked.' }],
    [
      'MySQL, a user',
      400,
      { message: "Access denied for user 'app'@'10.0.0.1'. Account is locked.", code: 'ER_ACCOUNT_HAS_BEEN_LOCKED' },
    ],
    ['a locked record', 400, { code: 'SESSION_RECORD_LOCKED', message: 'Could not obtain lock on row in relation "sessions"' }],
    ['a locked session', 423, { error: 'session_locked', message: 'The session is locked by another request' }],
    ['a domain of a cookie', 400, { message: 'Refresh token cookie domain is invalid' }],
    ['rotation', 400, { error: 'Refresh token rotation is not active for this client' }],
    ['a signing key', 400, { message: 'The token signing key is invalid' }],
    ['a push token', 400, { message: 'Push token is invalid' }],
    [
      'Firebase App Check, with 401',
      401,
      { error: { code: 401, message: 'Firebase App Check token is invalid.', status: 'UNAUTHENTICATED' } },
    ],
    ['Flask-JWT-Extended, CSRF', 401, { msg: 'CSRF double submit tokens do not match' }],
    ['Kong, an API key', 401, { message: 'No API key found in request' }],
    ['Supabase, an API key', 401, { message: 'Invalid API key', hint: 'Double check your API key.' }],
    [
      'Azure API Management, a subscription key',
      401,
      { statusCode: 401, message: 'Access denied due to invalid subscription key. Make sure to provide a valid key.' },
    ],
    [
      'IBM API Connect, a client',
      401,
      { httpCode: '401', httpMessage: 'Unauthorized', moreInformation: 'Invalid client id or secret.' },
    ],
    [
      'Berlin Group, a certificate',
      401,
      { tppMessages: [{ category: 'ERROR', code: 'CERTIFICATE_EXPIRED', text: 'The certificate has expired' }] },
    ],
    ['a signature of the request', 401, { message: 'Invalid request signature' }],
    ['a time of the request', 401, { message: 'Request timestamp is too old' }],
    ['a database', 401, { message: 'Could not connect to the session database' }],
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
    ['Google, a deleted client', 401, { error: 'deleted_client', error_description: 'The OAuth client was deleted.' }],
    ['Google, a disabled client', 401, { error: 'disabled_client', error_description: 'The OAuth client was disabled.' }],
    [
      'a description that ends in an address',
      400,
      { error: 'unauthorized_client', error_description: 'See https://docs.example.com/errors#invalid_grant' },
    ],
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
