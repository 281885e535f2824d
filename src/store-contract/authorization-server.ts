import type { RefreshFunction, TokenJSON, TokenResponse } from '../index.js'
import { gate, pause } from './time.js'

/**
 * An authorization server in memory. Refresh tokens rotate; a reused one revokes all tokens of the sign-in (RFC 9700 §4.14.2).
 */
export class AuthorizationServer {
  /** The number of refresh requests. */
  refreshes = 0
  /** The number of refresh requests with a refresh token that was used before. */
  reused = 0
  readonly revoked: string[] = []
  #issued = 0
  #accessToken = ''
  #refreshToken = ''
  readonly #spent = new Set<string>()
  #pending: Promise<void> | undefined
  #asked = gate()

  /** Issues the token set of a new sign-in, which makes earlier ones invalid. */
  signIn(): TokenResponse {
    const n = ++this.#issued
    this.#accessToken = `made-up-access-${n}`
    this.#refreshToken = `made-up-refresh-${n}`
    return { access_token: this.#accessToken, refresh_token: this.#refreshToken, token_type: 'Bearer', expires_in: 3600 }
  }

  /** Issues a token set with an expired access token, as a store holds it. */
  signInLongAgo(): TokenJSON {
    return { ...this.signIn(), expires_at: 1 }
  }

  /** Makes the API reject the present access token. */
  refuseAccessToken(): void {
    this.#accessToken = ''
  }

  accepts(authorization: unknown): boolean {
    return this.#accessToken !== '' && authorization === `Bearer ${this.#accessToken}`
  }

  /** Is this the set issued last? */
  isNewest(tokens: TokenJSON | undefined): boolean {
    return tokens?.access_token === this.#accessToken && tokens.refresh_token === this.#refreshToken
  }

  /** Answers no request until `answer` is called. `asked` resolves when the first request arrives. */
  keepWaiting(): { readonly asked: Promise<void>; readonly answer: () => void } {
    const { opened, open } = gate()
    this.#pending = opened
    this.#asked = gate()
    return { asked: this.#asked.opened, answer: open }
  }

  readonly refresh: RefreshFunction = Object.assign(
    async (tokens: TokenJSON | undefined): Promise<TokenResponse> => {
      this.#asked.open()
      const token = String(tokens?.refresh_token)
      // Time for another session to send the same token.
      await pause(3)
      await this.#pending
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
