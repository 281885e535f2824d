import { mapTokens } from 'axios-attach-oauth/map-tokens'
import type { Provider } from './provider.js'
import { answers, never, seconds, standard, storedWith, storedWithRefreshToken } from './token-sets.js'

/** The table "Token responses". */
export const documentedResponses: readonly Provider[] = [
  {
    name: 'Slack: token_type bot, rotates',
    issue: answers((tokens) => ({ ...standard(tokens), ok: true, token_type: 'bot', team: { id: 'T1' } })),
    keeps: { token_type: 'bot', team: { id: 'T1' }, ok: true },
  },
  {
    name: 'Slack: token_type user',
    issue: answers((tokens) => ({ ...standard(tokens), token_type: 'user' })),
    keeps: { token_type: 'user' },
  },
  {
    name: 'no token_type',
    issue: answers(({ access, refresh }) => ({ access_token: access, refresh_token: refresh, expires_in: 3600 })),
  },
  ...['', 'Bearer ', 'BEARER'].map((token_type): Provider => ({
    name: `token_type ${JSON.stringify(token_type)}`,
    issue: answers((tokens) => ({ ...standard(tokens), token_type })),
    keeps: { token_type },
  })),
  {
    name: 'Twitch: scope is an array',
    issue: answers((tokens) => ({ ...standard(tokens), scope: ['a:read', 'b:edit'] })),
    keeps: { scope: ['a:read', 'b:edit'] },
  },
  {
    name: 'Shopify: scope with commas, no token_type',
    issue: answers(({ access, refresh }) => ({
      access_token: access,
      refresh_token: refresh,
      expires_in: 3600,
      scope: 'write_a,read_b',
    })),
    keeps: { scope: 'write_a,read_b' },
  },
  {
    name: 'TikTok: scope with commas',
    issue: answers((tokens) => ({ ...standard(tokens), open_id: 'o', scope: 'a,b', refresh_expires_in: 86400 })),
    keeps: { scope: 'a,b', open_id: 'o' },
  },
  {
    name: 'Google: no refresh_token in answers, expiry_date in ms',
    issue: answers(({ access }) => ({ access_token: access, token_type: 'Bearer', expires_in: 3600, scope: 'a b' })),
    stored: ({ access, now }, isExpired) => ({
      access_token: access,
      refresh_token: never,
      scope: 'a b',
      token_type: 'Bearer',
      expiry_date: now + (isExpired ? -60_000 : 3_600_000),
    }),
    keeps: { refresh_token: never, scope: 'a b' },
  },
  {
    name: 'Zoho: expires_in in ms beside expires_in_sec',
    issue: answers((tokens) => ({
      ...standard(tokens),
      expires_in: 3_600_000,
      expires_in_sec: 3600,
      api_domain: 'https://api.example.com',
    })),
    keeps: { api_domain: 'https://api.example.com' },
  },
  {
    name: 'Mailchimp, VK: expires_in 0, no refresh token',
    issue: answers(({ access }) => ({ access_token: access, expires_in: 0, scope: null })),
    stored: ({ access }) => ({ access_token: access, expires_in: 0, scope: null }),
    accepts: () => true,
    lifetime: Infinity,
    ways: ['own axios', 'own fetch'],
  },
  {
    name: 'Salesforce: issued_at in ms as text, no expires_in',
    issue: answers(({ access, now }) => ({
      access_token: access,
      token_type: 'Bearer',
      issued_at: String(now),
      instance_url: 'https://x.example.com',
    })),
    stored: ({ access, now }) => ({
      access_token: access,
      refresh_token: never,
      issued_at: String(now - 7_200_000),
      instance_url: 'https://x.example.com',
    }),
    lifetime: Infinity,
    keeps: { refresh_token: never, instance_url: 'https://x.example.com' },
  },
  {
    name: 'GitLab: created_at with expires_in',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: 7200, created_at: seconds(tokens, 0) })),
    stored: (tokens, isExpired) => ({
      ...standard(tokens),
      expires_in: 7200,
      created_at: seconds(tokens, isExpired ? -7300 : -60),
    }),
    lifetime: 7200,
  },
  {
    name: 'Keycloak: refresh_expires_in',
    issue: answers((tokens) => ({
      ...standard(tokens),
      expires_in: 300,
      refresh_expires_in: 1800,
      'not-before-policy': 0,
      session_state: 's',
    })),
    lifetime: 300,
    keeps: { refresh_expires_in: 1800, session_state: 's' },
  },
  {
    name: 'Xero, QuickBooks: x_refresh_token_expires_in',
    issue: answers((tokens) => ({ ...standard(tokens), x_refresh_token_expires_in: 8_726_400 })),
    keeps: { x_refresh_token_expires_in: 8_726_400 },
  },
  {
    name: 'Cognito: an ID token of 8 KB, no refresh token',
    issue: answers(({ access }) => ({ access_token: access, id_token: 'x'.repeat(8192), expires_in: 3600 })),
    stored: storedWithRefreshToken(),
    keeps: { refresh_token: never, id_token: 'x'.repeat(8192) },
  },
  {
    name: 'a byte order mark',
    issue: answers((tokens) => `\ufeff${JSON.stringify(standard(tokens))}`),
    stored: storedWith((time) => ({ expires_at: time / 1000 })),
  },
  { name: 'text/plain', issue: answers(standard, { 'content-type': 'text/plain' }) },
  {
    name: 'Python: expires_at as ISO 8601 without a zone',
    stored: storedWith((time) => ({ expires_at: new Date(time).toISOString().replace('Z', '') })),
  },
  {
    name: '.NET: expires_at in the answer, without a zone',
    issue: answers(({ access, refresh, now }) => ({
      access_token: access,
      refresh_token: refresh,
      expires_at: new Date(now + 3_600_000).toISOString().slice(0, 19),
    })),
    stored: storedWith((time) => ({ expires_at: new Date(time).toISOString().slice(0, 19) })),
  },
  { name: 'Singer, Airbyte: only a refresh token', stored: ({ refresh }) => ({ refresh_token: refresh }) },
  {
    name: 'Amazon SP-API: only a refresh token, with a client',
    stored: ({ refresh }) => ({ refresh_token: refresh, client_id: 'x' }),
    keeps: { client_id: 'x' },
  },
  {
    name: 'own backend: camelCase',
    issue: answers(({ access, refresh }) => ({ accessToken: access, refreshToken: refresh, expiresIn: 3600 })),
    stored: storedWith((time) => ({ expires_at: time / 1000 })),
    wrap: (refresh) => mapTokens().refresh(refresh),
    ways: ['own axios', 'own fetch'],
    how: '1 line: mapTokens().refresh(…)',
  },
  {
    name: 'own backend: nested in data',
    issue: answers(({ access, refresh }) => ({
      success: true,
      data: { accessToken: access, refreshToken: refresh, expiresIn: 3600 },
    })),
    stored: storedWith((time) => ({ expires_at: time / 1000 })),
    wrap: (refresh) => mapTokens().refresh(refresh),
    ways: ['own axios', 'own fetch'],
    how: '1 line: mapTokens().refresh(…)',
  },
]
