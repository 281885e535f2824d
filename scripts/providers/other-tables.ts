import type { FailureShape } from './failure-shape.js'
import type { Answer, Provider, Seen, Way } from './provider.js'

const grantsOnly: readonly Way[] = ['grants']
const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const parameters = ({ body }: Seen): URLSearchParams => new URLSearchParams(body)

/** A provider with one way of saying that the session is over, or that it is overloaded. */
export const withEnd = (ended: FailureShape): Provider => ({
  name: ended.name,
  ended,
  // A function with fetch that expects JSON has to read a form itself.
  ...(ended.status === 200 && typeof ended.body === 'string' && { ways: ['grants', 'refresh-token', 'own axios'] }),
})
export const withOverload = (overloaded: FailureShape): Provider => ({ name: overloaded.name, overloaded })

/** The table "Token requests". */
export const tokenRequests: readonly Provider[] = [
  {
    name: 'HCL Domino: Basic without form-encoding',
    grant: { clientSecret: 'a+b/c=%', clientAuthentication: { method: 'client_secret_basic', encoding: 'none' } },
    accepts: ({ headers }) => headers.authorization === basic('app', 'a+b/c=%'),
    ways: grantsOnly,
    how: "clientAuthentication: { method, encoding: 'none' }",
  },
  {
    name: 'RFC 6749: Basic with form-encoding',
    grant: { clientSecret: 'a+b/c=%' },
    accepts: ({ headers }) => headers.authorization === basic('app', 'a%2Bb%2Fc%3D%25'),
    ways: grantsOnly,
    how: 'clientSecret',
  },
  {
    name: 'public clients: Basic with an empty secret',
    grant: { clientSecret: '', clientAuthentication: 'client_secret_basic' },
    accepts: ({ headers }) => headers.authorization === basic('app', ''),
    ways: grantsOnly,
    how: "clientAuthentication: 'client_secret_basic'",
  },
  {
    name: 'client_id in header and body',
    grant: { clientSecret: 'secret', clientAuthentication: { method: 'client_secret_basic', clientIdInBody: true } },
    accepts: (seen) => seen.headers.authorization === basic('app', 'secret') && parameters(seen).get('client_id') === 'app',
    ways: grantsOnly,
    how: 'clientAuthentication: { method, clientIdInBody: true }',
  },
  {
    name: 'Feishu: JSON bodies',
    grant: { bodyFormat: 'json' },
    accepts: ({ headers, body }) =>
      headers['content-type'] === 'application/json' &&
      (JSON.parse(body) as { grant_type: string }).grant_type === 'refresh_token',
    ways: grantsOnly,
    how: "bodyFormat: 'json'",
  },
  {
    name: 'TikTok: client_key',
    grant: { parameterNames: { client_id: 'client_key' } },
    accepts: (seen) => parameters(seen).get('client_key') === 'app' && !parameters(seen).has('client_id'),
    ways: grantsOnly,
    how: "parameterNames: { client_id: 'client_key' }",
  },
  {
    name: 'Zoom: grant_type account_credentials',
    grant: { grantType: 'account_credentials', parameters: { account_id: 'x' } },
    accepts: (seen) => parameters(seen).get('grant_type') === 'account_credentials' && parameters(seen).get('account_id') === 'x',
    ways: grantsOnly,
    how: "grantType: 'account_credentials'",
  },
]

const challenge = (status: number): Answer => ({
  status,
  headers: { 'www-authenticate': 'Bearer realm="x", error="invalid_token", error_description="The access token expired"' },
  body: { message: 'x' },
})
const isUnauthenticated = ({ data }: { data: { errors?: { extensions?: { code?: string } }[] } }): boolean =>
  data.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED'

/** The table "The API says expired without a 401". */
export const expiredAnswers: readonly Provider[] = [
  {
    name: 'AWS Lambda authorizers: 403',
    rejects: { status: 403, body: { Message: 'User is not authorized' } },
    options: { isExpired: [403] },
    how: 'isExpired: [403]',
  },
  {
    name: 'Laravel: 419',
    rejects: { status: 419, body: { message: 'x' } },
    options: { isExpired: [419] },
    how: 'isExpired: [419]',
  },
  {
    name: 'Esri: 498',
    rejects: { status: 498, body: { error: { code: 498, message: 'Invalid token.' } } },
    options: { isExpired: [498] },
    how: 'isExpired: [498]',
  },
  {
    name: 'GraphQL: UNAUTHENTICATED in a 200',
    rejects: { body: { data: null, errors: [{ message: 'x', extensions: { code: 'UNAUTHENTICATED' } }] } },
    options: { isExpired: isUnauthenticated },
    how: 'isExpired: ({ data }) => …',
  },
  { name: 'RFC 6750: 400 with invalid_token', rejects: challenge(400) },
  { name: 'RFC 6750: 403 with invalid_token', rejects: challenge(403) },
  { name: '401 without a challenge', rejects: { status: 401, body: '' } },
]

/** Further APIs of the same kinds. */
export const otherExpiredAnswers: readonly Provider[] = [
  { name: 'an API with 440', rejects: { status: 440, body: '' }, options: { isExpired: [440] }, how: 'isExpired: [440]' },
  {
    name: 'a code in a 200',
    rejects: { body: { code: 401, msg: 'token expired' } },
    options: { isExpired: ({ data }) => (data as { code?: number }).code === 401 },
    how: 'isExpired: ({ data }) => …',
  },
  {
    name: 'a challenge after another one',
    rejects: { status: 403, headers: { 'www-authenticate': 'Basic realm="a", Bearer error=invalid_token' }, body: '' },
  },
  {
    name: 'a challenge of another scheme',
    rejects: { status: 401, headers: { 'www-authenticate': 'Token realm="api"' }, body: { detail: 'Invalid token.' } },
  },
]

/** The table "Another header". */
export const headers: readonly Provider[] = [
  {
    name: 'X-Shopify-Access-Token',
    credential: (access) => ({ 'X-Shopify-Access-Token': access }),
    options: { header: 'X-Shopify-Access-Token' },
    how: "header: 'X-Shopify-Access-Token'",
  },
  ...['Zoho-oauthtoken', 'token', 'JWT'].map((scheme): Provider => ({
    name: `Authorization: ${scheme}`,
    credential: (access) => ({ authorization: `${scheme} ${access}` }),
    options: { header: { name: 'Authorization', scheme } },
    how: `header: { name: 'Authorization', scheme: '${scheme}' }`,
  })),
]

/** Further headers of the same kinds. */
export const otherHeaders: readonly Provider[] = [
  {
    name: 'X-Api-Key',
    credential: (access) => ({ 'X-Api-Key': access }),
    options: { header: 'X-Api-Key' },
    how: "header: 'X-Api-Key'",
  },
  {
    name: 'two headers',
    credential: (access) => ({ authorization: `Bearer ${access}`, 'x-tenant': 't1' }),
    options: { header: ({ access_token }) => ({ Authorization: `Bearer ${access_token}`, 'X-Tenant': 't1' }) },
    how: 'header: (tokens) => ({ … })',
  },
]
