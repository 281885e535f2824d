import { NextResponse, type NextRequest } from 'next/server'
import { renewedCookie } from './session.js'

const options = {
  httpOnly: true,
  sameSite: 'lax',
  secure: true,
  path: '/',
} as const

/**
 * Refreshes before a page renders, for the browser and for the Server Components
 * of this request.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const before = request.cookies.get('session')?.value
  const after = before && (await renewedCookie(before))
  if (after === before) return NextResponse.next()
  if (after) request.cookies.set('session', after)
  else request.cookies.delete('session')
  const response = NextResponse.next({ request })
  if (after) response.cookies.set('session', after, options)
  else response.cookies.delete('session')
  return response
}

export const config = { matcher: ['/((?!_next/|favicon.ico|sign-in|callback).*)'] }
