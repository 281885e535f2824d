import type { SupabaseClient } from '@supabase/supabase-js'
import type { RefreshFunction } from 'axios-attach-oauth'

/** supabase-js refreshes, stores and signs out. Use it with `memoryStore()`. */
export const withSupabase =
  ({ auth }: SupabaseClient): RefreshFunction =>
  async (_tokens, { reason }) => {
    const { data, error } =
      reason === 'rejected' ? await auth.refreshSession() : await auth.getSession()
    if (error) throw error
    if (!data.session) return null
    // Its refresh token stays with supabase-js, which rotates it.
    const { access_token, expires_at } = data.session
    return { access_token, ...(expires_at !== undefined && { expires_at }) }
  }
