import { classifyFailure } from '../../src/policy.js'

type Answer = readonly [status: number, body: unknown]

/** The kind of an answer that an own refresh function, or one of the grants, passes on. */
function kindsOf([status, body]: Answer): string[] {
  const known = { ...(status !== 200 && { status }), body }
  return ['Error', 'TokenEndpointError'].map((name) => {
    const { kind, inferred } = classifyFailure(Object.assign(new Error('x'), { name, ...known }), 0)
    return inferred ? `${kind}, inferred` : kind
  })
}

it.each<Answer>([
  [400, { error: 'invalid_grant', error_description: 'Session not active' }],
  [400, { error: { status: 400, error: 'invalid_grant' } }],
  [400, { data: { error: 'invalid_grant' } }],
  [400, { result: { errors: [{ error: 'invalid_grant' }] } }],
  [400, { oauth: { error: 'invalid_grant' } }],
  [400, { errors: { code: ['invalid_grant'] } }],
  [400, { errors: { base: ['invalid_grant'] } }],
  [400, { response: { err: 'invalid_grant' } }],
  [400, { Error: 'invalid_grant', ErrorDescription: 'x' }],
  [400, { error: 'INVALID GRANT' }],
  [400, { error: 'Invalid Grant', message: 'x' }],
  [400, { title: 'invalid_grant', detail: 'x' }],
  [400, { reason: 'invalid_grant' }],
  [400, { err: 'invalid_grant' }],
  [400, { msg: 'invalid_grant' }],
  [400, { exception: 'invalid_grant' }],
  [400, { exception: { message: 'invalid_grant' } }],
  [400, { status: 'invalid_grant' }],
  [400, { info: { error: 'invalid_grant' } }],
  [400, { warnings: ['x'], error: ['invalid_grant'] }],
  [400, 'error=invalid_grant'],
  [400, '{"error":"invalid_grant",}'],
  [400, "{'error': 'invalid_grant'}"],
  [400, '<error><code>INVALID_GRANT</code></error>'],
  [400, '<OAuthError error="invalid_grant"/>'],
  [400, '<soap:Envelope><soap:Fault><faultcode>invalid_grant</faultcode></soap:Fault></soap:Envelope>'],
])('%i %j ends the session for certain', (...answer) => {
  expect(kindsOf(answer)).toEqual(['ended', 'ended'])
})

it.each<Answer>([
  [400, { error: 'refresh_token_expired' }],
  [400, { error: 'refresh_token_revoked' }],
  [400, { error: 'refresh_token_reused' }],
  [400, { error: 'refresh_token_reuse_detected' }],
  [400, { error: 'token_reused' }],
  [400, { code: 'TOKEN_REVOKED' }],
  [400, { code: 'SESSION_REVOKED' }],
  [400, { code: 'USER_DISABLED' }],
  [400, { code: 'account_disabled' }],
  [400, { code: 'account_locked' }],
  [400, { code: 'account_suspended' }],
  [403, { code: 'user_blocked' }],
  [400, { error: 'invalid_token' }],
  [401, { error: 'invalid_token', error_description: 'The refresh token expired' }],
  [400, { error: 'invalid_token', error_description: 'Cannot convert refresh token' }],
  [400, { error: 'expired_token' }],
  [400, { error: 'unauthenticated' }],
  [400, { error: 'reauth_required' }],
  [400, { error: 'reauthentication_required' }],
  [400, { error: 'reauthorization_required' }],
  [400, { error: 'sign_in_required' }],
  [400, { error: 'user_authentication_required' }],
  [400, { error: 'account_selection_required' }],
  [400, { error: 'mfa_required' }],
  [400, { error: 'invalid_session' }],
  [400, { error: 'session_not_found' }],
  [400, { error: 'invalid_request', error_description: 'Token has been expired or revoked.' }],
  [400, { error: 'invalid_request', error_description: 'The refresh_token provided has already been used' }],
  [400, { error: 'invalid_request', error_description: 'Refresh token is not valid' }],
  [400, { error: 'invalid_request', error_description: "The provided refresh token isn't valid" }],
  [400, { error: 'invalid_request', error_description: 'Refresh token revoked' }],
  [400, { error: 'invalid_request', error_description: 'token expired' }],
  [400, { error: 'invalid_request', error_description: 'Malformed refresh token' }],
  [400, { error: 'invalid_request', error_description: 'Bad refresh token' }],
  [400, { error: 'invalid_request', error_description: 'refreshToken expired' }],
  [400, { error: 'invalid_request', error_description: 'RefreshTokenExpiredException' }],
  [400, { error: 'invalid_request', error_description: 'Refresh token has been deleted' }],
  [400, { error: 'invalid_request', error_description: 'No such refresh token' }],
  [400, { error: 'invalid_request', error_description: 'Le refresh token est invalide' }],
  [400, { error: 'invalid_request', error_description: 'O refresh token é inválido' }],
  [400, { error: 'invalid_request', error_description: 'Das Refresh Token ist abgelaufen' }],
  [400, { error: 'invalid_request', error_description: '刷新令牌已过期 (refresh_token expired)' }],
  [400, { message: 'Refresh token expired or invalid' }],
  [400, { message: 'Token is expired' }],
  [403, { message: 'Token expired' }],
  [200, { ok: false, error: 'token_expired' }],
  [200, { errcode: 40030, errmsg: 'invalid refresh_token' }],
  [200, { errcode: 42002, errmsg: 'refresh_token expired' }],
])('%i %j ends the session once the access token has expired', (...answer) => {
  expect(kindsOf(answer)).toEqual(['ended, inferred', 'ended, inferred'])
})

it.each<Answer>([
  [401, { error: 'unauthorized_client', error_description: 'x' }],
  [400, { error: 'invalid_request', error_description: 'リフレッシュトークンの有効期限が切れています' }],
  [400, { error: 'invalid_request', error_description: 'refresh_token parameter must be provided' }],
  [400, { error: 'invalid_request', error_description: 'refresh_token not provided' }],
  [400, { error: 'invalid_request', error_description: 'No refresh token was given' }],
  [400, { error: 'invalid_request', error_description: 'refresh_token cannot be blank' }],
  [400, { error: 'invalid_request', error_description: 'The refresh token parameter is not specified' }],
  [400, { error: 'invalid_request', error_description: 'Only one of code and refresh_token may be used' }],
  [400, { error: 'invalid_request', error_description: 'invalid client_id for refresh token' }],
  [400, { error: 'invalid_request', error_description: 'Invalid redirect_uri' }],
  [400, { error: 'invalid_request', error_description: 'The token endpoint was called with an invalid content type' }],
  [400, { error: 'invalid_client', error_description: 'Client authentication failed: invalid token' }],
  [400, { error: 'invalid_client', error_description: 'Client assertion JWT expired' }],
  [401, { error: 'invalid_client' }],
  [400, { errorCode: 'invalid_client' }],
  [400, { errors: [{ code: 'unauthorized_client' }] }],
  [400, { error: 'invalid_target' }],
  [400, { error: 'unsupported_grant_type', error_description: 'refresh_token' }],
  [200, { ok: false, error: 'invalid_client_id' }],
])('%i %j names a wrong setting', (...answer) => {
  expect(kindsOf(answer)).toEqual(['misconfigured', 'misconfigured'])
})

it.each<Answer>([
  [400, { error: 'step_up_required' }],
  [403, { message: 'Forbidden' }],
  [403, { error: 'forbidden' }],
  [403, { error: 'access_denied' }],
  [400, { message: 'Validation failed', errors: [{ field: 'refresh_token', message: 'is required' }] }],
  [400, { error: 'rate_limit_exceeded' }],
  [400, { error: 'RATE_LIMITED' }],
  [403, { error: 'quota_exceeded' }],
  [403, { error: { reason: 'userRateLimitExceeded' } }],
  [400, { error: 'invalid_grant', error_description: 'rate limited', code: 'too_many_requests' }],
  [400, { code: 'LimitExceededException', message: 'x' }],
  [400, { __type: 'TooManyRequestsException' }],
  [403, { message: 'Limit Exceeded' }],
  [401, { message: 'Too Many Requests' }],
  [401, { error: 'temporarily_unavailable' }],
  [400, { error: 'server_error', error_description: 'refresh token is invalid' }],
  [400, { error: 'concurrent_refresh', error_description: 'refresh token is being used by another request, try again later' }],
  [409, { message: 'Conflict' }],
  [423, { message: 'Locked' }],
  [400, { error: 'authorization_pending' }],
  [502, '<html>invalid_grant</html>'],
  [200, { ok: false, error: 'fatal_error' }],
  [200, { ok: false, error: 'internal_error' }],
  [200, { ok: false, error: 'service_unavailable' }],
  [200, { errcode: -1, errmsg: 'system busy' }],
  [200, { errcode: 45009, errmsg: 'reach max api daily quota limit' }],
  [400, { message: ['property refresh_token should not exist'], error: 'Bad Request', statusCode: 400 }],
  [400, { error: 'whatever', request: { refresh_token: 'invalid_grant' } }],
])('%i %j keeps the session', (...answer) => {
  expect(kindsOf(answer)).toEqual(['transient', 'transient'])
})
