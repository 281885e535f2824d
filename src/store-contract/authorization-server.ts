import type { RefreshFunction, TokenJSON, TokenResponse } from '../index.js'
import { gate, pause } from './time.js'

/**
 * An authorization server in memory. Refresh tokens rotate, and one that comes a second time ends the family (RFC 9700 §4.14.2).
 */
export class AuthorizationServer {
  /** How often a refresh token was redeemed. */
  refreshes = 0
  /** How often one came that had been redeemed before. */
  reused = 0
  readonly revoked: string[] = []
  #issued = 0
  #accessToken = ''
  #refreshToken = ''
  readonly #spent = new Set<string>()
  #held: Promise<void> | undefined
  #asked = gate()

  /** A token set of a new sign-in; earlier ones are worth nothing any more. */
  signIn(): TokenResponse {
    const n = ++this.#issued
    this.#accessToken = `made-up-access-${n}`
    this.#refreshToken = `made-up-refresh-${n}`
    return { access_token: this.#accessToken, refresh_token: this.#refreshToken, token_type: 'Bearer', expires_in: 3600 }
  }

  /** The same set, as the store holds it when its access token has expired. */
  signInLongAgo(): TokenJSON {
    return { ...this.signIn(), expires_at: 1 }
  }

  /** The API refuses the present access token from now on. */
  refuseAccessToken(): void {
    this.#accessToken = ''
  }

  accepts(authorization: unknown): boolean {
    return this.#accessToken !== '' && authorization === `Bearer ${this.#accessToken}`
  }

  /** Is this the set that was issued last? */
  isNewest(tokens: TokenJSON | undefined): boolean {
    return tokens?.access_token === this.#accessToken && tokens.refresh_token === this.#refreshToken
  }

  /** Answers nobody until the result is called. `asked` resolves when the first request is there. */
  keepWaiting(): { readonly asked: Promise<void>; readonly answer: () => void } {
    const { opened, open } = gate()
    this.#held = opened
    this.#asked = gate()
    return { asked: this.#asked.opened, answer: open }
  }

  readonly refresh: RefreshFunction = Object.assign(
    async (tokens: TokenJSON | undefined): Promise<TokenResponse> => {
      this.#asked.open()
      const token = String(tokens?.refresh_token)
      // Long enough for others to come with the same token.
      await pause(3)
      await this.#held
      this.refreshes++
      if (this.#spent.has(token)) {
        this.reused++
        this.#accessToken = this.#refreshToken = ''
      }
      if (token !== this.#refreshToken || token === '')
        throw Object.assign(new Error('refused'), { status: 400, error: 'invalid_grant' })
      this.#spent.add(token)
      return this.signIn()
    },
    {
      needsRefreshToken: true,
      revoke: (tokens: TokenJSON) => void this.revoked.push(String(tokens.refresh_token)),
    },
  )
}
