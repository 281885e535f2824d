import { isSameSet, type TokenRecord } from '../token-record.js'
import type { TokenAnswer } from './in-flight-refresh.js'

/** Token responses that come after the time limit of their refresh, from refresh functions that ignore the signal. */
export class LateAnswers {
  readonly #late = new Set<{ readonly base: TokenRecord | undefined; readonly answer: Promise<TokenAnswer | undefined> }>()
  #awaited = 0

  /** A token request has reached its time limit and may still be answered. */
  get isAwaiting(): boolean {
    return this.#awaited > 0
  }

  /** The response to an earlier request with the same refresh token, which may still be under way. */
  async answerFor(base: TokenRecord | undefined): Promise<TokenAnswer | undefined> {
    for (const late of this.#late) {
      const answer = isSameSet(late.base, base) ? await late.answer : undefined
      if (answer) return answer
    }
    return undefined
  }

  /**
   * Resolves with the response when no refresh is under way, or with `undefined` if the refresh function fails. `base`: the set
   * whose refresh token was sent. `busy`: the result of the refresh under way.
   */
  async receive(
    answer: Promise<TokenAnswer | undefined>,
    base: TokenRecord | undefined,
    busy: () => Promise<unknown> | undefined,
  ): Promise<TokenAnswer | undefined> {
    const late = { base, answer }
    this.#late.add(late)
    this.#awaited++
    const received = await answer
    this.#awaited--
    for (let present = busy(); received && present; present = busy()) await present
    this.#late.delete(late)
    return received
  }
}
