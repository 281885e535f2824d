import type { FailureShape } from './failure-shape.js'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

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
