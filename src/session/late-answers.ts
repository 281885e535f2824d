import { isSameSet, type TokenRecord } from '../token-record.js'
import type { TokenAnswer } from './in-flight-refresh.js'

/** Token responses that come after the time limit of their refresh, from refresh functions that ignore the signal. */
export class LateAnswers {
  readonly #late = new Set<{ readonly base: TokenRecord | undefined; readonly answer: Promise<TokenAnswer | undefined> }>()

  /** Has a token request with the refresh token of this set reached its time limit, and may it still be answered? */
  isAwaitedFor(base: TokenRecord | undefined): boolean {
    return [...this.#late].some((late) => isSameSet(late.base, base))
  }

  /** The response to an earlier request with the same refresh token, which may still be under way. */
  answerFor(base: TokenRecord | undefined): Promise<TokenAnswer | undefined> {
    const late = [...this.#late].filter((each) => isSameSet(each.base, base))
    return new Promise((resolve) => {
      const settled = late.map(({ answer }) => answer.then((received) => received?.response && resolve(received)))
      void Promise.all(settled).then(() => resolve(undefined))
    })
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
    const received = await answer
    for (let present = busy(); received && present; present = busy()) await present
    this.#late.delete(late)
    return received
  }
}
