import { cookies } from 'next/headers'
import { NextResponse } from 'next/server'
import { tokenRevocation } from 'openid-client'
import { client } from '../../lib/client'
import { unseal } from '../../lib/seal'
import { COOKIE } from '../../lib/session'

export async function POST(): Promise<NextResponse> {
  const tokens = unseal<{ refresh_token?: string }>(
    (await cookies()).get(COOKIE)?.value,
  )
  // Signed out here in any case; the server may be down.
  if (tokens?.refresh_token)
    await tokenRevocation(await client(), tokens.refresh_token).catch(
      () => undefined,
    )
  const response = NextResponse.redirect(new URL('/', process.env.APP_URL), 303)
  response.cookies.delete(COOKIE)
  return response
}
