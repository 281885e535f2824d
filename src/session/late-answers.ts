import { isSameSet, type TokenRecord } from '../token-record.js'
import type { TokenAnswer } from './in-flight-refresh.js'

/** Token responses that come after the time limit of their refresh, from refresh functions that ignore the signal. */
export class LateAnswers {
  #arrived: { readonly base: TokenRecord | undefined; readonly answer: TokenAnswer } | undefined
  #awaited = 0

  /** A token request has reached its time limit and may still be answered. */
  get isAwaiting(): boolean {
    return this.#awaited > 0
  }

  /** The response, if it has arrived while another refresh sent the same refresh token. */
  answerFor(base: TokenRecord | undefined): TokenAnswer | undefined {
    return this.#arrived && isSameSet(this.#arrived.base, base) ? this.#arrived.answer : undefined
  }

  /**
   * Resolves with the response when no refresh is under way, or with `undefined` if the refresh function fails. `base`: the set
   * whose refresh token was sent. `busy`: the result of the refresh under way.
   */
  async receive(
    late: Promise<TokenAnswer | undefined>,
    base: TokenRecord | undefined,
    busy: () => Promise<unknown> | undefined,
  ): Promise<TokenAnswer | undefined> {
    this.#awaited++
    const answer = await late
    this.#awaited--
    if (!answer) return undefined
    const arrived = (this.#arrived = { base, answer })
    for (let present = busy(); present; present = busy()) await present
    if (this.#arrived === arrived) this.#arrived = undefined
    return answer
  }
}
