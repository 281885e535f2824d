import type { TokenJSON, TokenResponse } from '../../../src/index.js'

/** A refresh function that asks the token endpoint of the server at `url`. */
export const refreshAt =
  (url: string) =>
  async (present: TokenJSON | undefined): Promise<TokenResponse> => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: String(present?.refresh_token) })
    const response = await fetch(`${url}/token`, { method: 'POST', body })
    const answer = (await response.json()) as TokenResponse
    if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, ...answer })
    return answer
  }
