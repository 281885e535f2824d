import type { TokenJSON } from 'axios-attach-oauth'
import type { IssuedTokens, Provider } from './provider.js'

/** A successful answer with these members instead of those of RFC 6749. */
export const answers =
  (members: (tokens: IssuedTokens) => object | string, headers = {}): NonNullable<Provider['issue']> =>
  (tokens) => ({ body: members(tokens), headers })

export const standard = ({ access, refresh }: IssuedTokens): TokenJSON => ({
  access_token: access,
  token_type: 'Bearer',
  expires_in: 3600,
  refresh_token: refresh,
})
export const seconds = ({ now }: IssuedTokens, fromNow: number): number => Math.floor(now / 1000) + fromNow
/** A refresh token that the server never replaces. */
export const never = 'made-up-refresh-for-ever'

/** A stored set with one expiry member. */
export const storedWith =
  (member: (time: number) => object): NonNullable<Provider['stored']> =>
  ({ access, refresh, now }, isExpired) => ({
    access_token: access,
    refresh_token: refresh,
    ...member(now + (isExpired ? -60_000 : 3_600_000)),
  })

/** A stored set whose refresh token stays. */
export function storedWithRefreshToken(): NonNullable<Provider['stored']> {
  return ({ access, now }, isExpired) => ({
    access_token: access,
    refresh_token: never,
    expires_at: Math.floor(now / 1000) + (isExpired ? -60 : 3600),
  })
}
