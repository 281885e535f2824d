import type { Provider } from './provider.js'
import { answers, never, seconds, standard, storedWith, storedWithRefreshToken } from './token-sets.js'

/** Further answers of the same kinds. */
export const otherResponses: readonly Provider[] = [
  { name: 'expires_in as text', issue: answers((tokens) => ({ ...standard(tokens), expires_in: '3600' })) },
  { name: 'expires_in as text with a fraction', issue: answers((tokens) => ({ ...standard(tokens), expires_in: '3599.5' })) },
  {
    name: 'expires_in null beside expires_at in ms',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: null, expires_at: tokens.now + 3_600_000 })),
  },
  {
    name: 'expires_on as text in seconds',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: undefined, expires_on: String(seconds(tokens, 3600)) })),
    stored: storedWith((time) => ({ expires_on: String(Math.floor(time / 1000)) })),
  },
  {
    name: 'expiry with a zone and nanoseconds (Go)',
    stored: storedWith((time) => ({ expiry: new Date(time + 7_200_000).toISOString().replace('Z', '123456+02:00') })),
  },
  {
    name: 'expires_at with the name of a zone (Java)',
    stored: storedWith((time) => ({ expires_at: new Date(time + 3_600_000).toISOString().replace('Z', '+01:00[Europe/Paris]') })),
  },
  { name: 'expires as an HTTP date', stored: storedWith((time) => ({ expires: new Date(time).toUTCString() })) },
  {
    name: 'token_expiry_date in seconds from now',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: undefined, token_expiry_date: 3600 })),
    stored: storedWith((time) => ({ expiry_date: time })),
  },
  {
    name: 'Shopee: expire_in',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: undefined, expire_in: 3600 })),
  },
  {
    name: 'DingTalk: expireIn',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: undefined, expireIn: 3600 })),
  },
  {
    name: 'Tuya: expire_time',
    issue: answers((tokens) => ({ ...standard(tokens), expires_in: undefined, expire_time: 3600 })),
  },
  {
    name: 'expires_at as a Date',
    stored: storedWith((time) => ({ expires_at: new Date(time).toISOString().replace('T', ' ') })),
  },
  {
    name: 'expires_in 0 beside expires_at',
    issue: answers((tokens) => ({
      ...standard(tokens),
      expires_in: undefined,
      expires_at: seconds(tokens, 3600),
      expires_on: 0,
    })),
  },
  {
    name: 'an empty refresh_token',
    issue: answers((tokens) => ({ ...standard(tokens), refresh_token: '' })),
    stored: storedWithRefreshToken(),
    keeps: { refresh_token: never },
  },
  {
    name: 'a null refresh_token',
    issue: answers((tokens) => ({ ...standard(tokens), refresh_token: null })),
    stored: storedWithRefreshToken(),
    keeps: { refresh_token: never },
  },
  { name: 'a null error', issue: answers((tokens) => ({ ...standard(tokens), error: null, error_description: '' })) },
  { name: 'status 201', issue: (tokens) => ({ status: 201, body: standard(tokens) }) },
  { name: 'JSON as HTML', issue: answers(standard, { 'content-type': 'text/html; charset=utf-8' }) },
  {
    name: 'JSON with blanks around',
    issue: answers((tokens) => `\n  ${JSON.stringify(standard(tokens))}\n\n`),
    stored: storedWith((time) => ({ expires_at: time / 1000 })),
  },
  {
    name: 'a form',
    issue: answers((tokens) => new URLSearchParams(standard(tokens) as Record<string, string>).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    }),
    stored: storedWith((time) => ({ expires_at: time / 1000 })),
    ways: ['grants', 'refresh-token', 'own axios'],
  },
  {
    name: 'scope as an object',
    issue: answers((tokens) => ({ ...standard(tokens), scope: { read: true } })),
    keeps: { scope: { read: true } },
  },
  {
    name: 'a token of 40 KB',
    keeps: { id_token: 'y'.repeat(40_000) },
    issue: answers((tokens) => ({ ...standard(tokens), id_token: 'y'.repeat(40_000) })),
  },
]
