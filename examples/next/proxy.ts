import { NextResponse, type NextRequest } from 'next/server'
import { COOKIE, cookieOptions, renewedCookie } from './lib/session'

/**
 * Refreshes before a page renders, for the browser and for the Server Components of
 * this request.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const before = request.cookies.get(COOKIE)?.value
  const after = before && (await renewedCookie(before))
  if (after === before) return NextResponse.next()
  if (after) request.cookies.set(COOKIE, after)
  else request.cookies.delete(COOKIE)
  const response = NextResponse.next({ request })
  if (after) response.cookies.set(COOKIE, after, cookieOptions)
  else response.cookies.delete(COOKIE)
  return response
}

export const config = { matcher: ['/((?!_next/|favicon.ico|sign-in|callback).*)'] }
