import type { TokenResponse } from '../types.js'
import type { Held } from './state.js'

/**
 * One run of the refresh function. It belongs to no caller: those who wait may leave, and it goes on. It answers to its waiters once, either
 * with its own outcome or, when signing in or out has overtaken it, with what the session says instead.
 */
export class Flight {
  readonly #controller = new AbortController()
  readonly signal = this.#controller.signal
  /** What the waiters get. */
  readonly landed: Promise<Held>
  /** The same, for those who make do with the present token when it fails. */
  awaited: Promise<Held> | undefined
  /** True when signing in or out has overtaken it: its tokens must not be used. */
  overtaken = false
  /** The refresh function is just being called. */
  isCalling = false
  #resolve!: (held: Held) => void
  #reject!: (error: unknown) => void

  /** What the application has got elsewhere, to be used instead of what the refresh function would get. */
  readonly answer: TokenResponse | undefined

  constructor(answer?: TokenResponse) {
    this.answer = answer
    this.landed = new Promise<Held>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Perhaps nobody waits.
    this.landed.catch(() => undefined)
  }

  /** Calls `work`; whatever it does before it first waits is its own doing. */
  call<Result>(work: () => Result): Result {
    this.isCalling = true
    try {
      return work()
    } finally {
      this.isCalling = false
    }
  }

  land(held: Held): void {
    this.#resolve(held)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }

  /** Tells the refresh function to give up. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }
}
