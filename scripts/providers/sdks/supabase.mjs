import { AuthClient } from '@supabase/auth-js'
import { mapTokens } from 'axios-attach-oauth/map-tokens'
import { runInOrder, startServer, tryRefresh } from './try-refresh.mjs'

export default async () => {
  const { origin, say, close } = await startServer()
  const user = { id: 'u', aud: 'authenticated', email: 'a@example.com', app_metadata: {}, user_metadata: {}, created_at: '' }
  const session = { access_token: 'new', token_type: 'bearer', expires_in: 3600, refresh_token: 'r2', user }
  /** A client of its own for each case: a client remembers a failure for a while. */
  const client = () => new AuthClient({ url: origin, autoRefreshToken: false, persistSession: false, detectSessionInUrl: false })
  const through = (name, status, body) => () => {
    say(status, body)
    const auth = client()
    // The documented way: `mapTokens` finds the session in `{ data: { session }, error }`.
    const refresh = mapTokens().refresh((tokens) => auth.refreshSession({ refresh_token: tokens.refresh_token }))
    return tryRefresh(`supabase: ${name}`, refresh)
  }
  return runInOrder([
    through('tokens', 200, session),
    through('refresh_token_not_found', 400, { code: 'refresh_token_not_found', message: 'Invalid Refresh Token: Not Found' }),
    through('refresh_token_already_used', 400, { code: 'refresh_token_already_used', message: 'Already Used' }),
    through('session_expired', 400, { error_code: 'session_expired', msg: 'Session Expired' }),
    through('too many requests', 429, { code: 'over_request_rate_limit', message: 'x' }),
    () => (
      close(),
      tryRefresh(
        'supabase: no session',
        mapTokens().refresh(() => client().refreshSession()),
      )
    ),
  ])
}
