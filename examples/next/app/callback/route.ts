import { cookies } from 'next/headers'
import { NextResponse, type NextRequest } from 'next/server'
import { authorizationCodeGrant } from 'openid-client'
import { client, redirectUri } from '../../lib/client'
import { seal, unseal } from '../../lib/seal'
import { COOKIE, cookieOptions } from '../../lib/session'

export async function GET(request: NextRequest): Promise<NextResponse> {
  const pending = unseal<{ verifier: string; state: string }>(
    (await cookies()).get('sign-in')?.value,
  )
  const response = NextResponse.redirect(new URL('/', process.env.APP_URL))
  response.cookies.delete('sign-in')
  if (!pending) return response
  const { verifier, state } = pending
  const url = new URL(redirectUri() + request.nextUrl.search)
  // Rejects when the user has cancelled.
  const tokens = await authorizationCodeGrant(await client(), url, {
    pkceCodeVerifier: verifier,
    expectedState: state,
  }).catch((error: unknown) => void console.error(error))
  if (!tokens) return response
  const expires_at = Math.floor(Date.now() / 1000) + (tokens.expires_in ?? 0)
  // The ID token is checked by now. Without it the cookie stays under its limit of
  // 4 KB.
  const { access_token, refresh_token, token_type, scope } = tokens
  const lifetime = tokens.expires_in === undefined ? {} : { expires_at }
  response.cookies.set(
    COOKIE,
    seal({ access_token, refresh_token, token_type, scope, ...lifetime }),
    cookieOptions,
  )
  return response
}
