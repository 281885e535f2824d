import {
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { NextResponse } from 'next/server'
import { client, redirectUri } from '../../lib/client'
import { seal } from '../../lib/seal'
import { cookieOptions } from '../../lib/session'

export async function GET(): Promise<NextResponse> {
  const [verifier, state] = [randomPKCECodeVerifier(), randomState()]
  const url = buildAuthorizationUrl(await client(), {
    redirect_uri: redirectUri(),
    scope: 'openid offline_access read',
    prompt: 'consent',
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  })
  const response = NextResponse.redirect(url)
  response.cookies.set('sign-in', seal({ verifier, state }), {
    ...cookieOptions,
    maxAge: 600,
  })
  return response
}
