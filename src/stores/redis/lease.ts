import { OAuthError } from '../../errors.js'

/** How often a lease is renewed while it lasts. */
const RENEWALS = 3

/**
 * The lock that one holder has for a while. It is renewed while the holder is alive; `lost` is aborted when it may have gone to somebody else.
 * Its end is counted on this process's monotonic clock from before the command was sent, so that we believe in it shorter than the server does.
 */
export class Lease {
  readonly #lost = new AbortController()
  readonly #name: string
  readonly #length: number
  readonly #renew: () => Promise<boolean>
  #until: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #renewing = false

  /** `since`: when the lock was asked for (`performance.now()`). `renew` resolves with false when somebody else has the lock. */
  constructor(
    readonly fence: string,
    name: string,
    since: number,
    length: number,
    renew: () => Promise<boolean>,
  ) {
    this.#name = name
    this.#length = length
    this.#renew = renew
    this.#until = since + length
    this.#schedule()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Looks at the clock: a process that was stopped for longer than the lease learns of it before it does anything else. */
  check(): void {
    if (performance.now() >= this.#until) this.#lose('its lease has run out')
  }

  /** Ends the renewing. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #lose(why: string): void {
    this.end()
    if (this.lost.aborted) return
    this.#lost.abort(new OAuthError('OAUTH_STORE_FAILED', `The lock of the token store (${this.#name}) was lost: ${why}.`))
  }

  #schedule(): void {
    const delay = Math.min(this.#length / RENEWALS, Math.max(0, this.#until - performance.now()))
    this.#timer = setTimeout(() => this.#tick(), delay)
    this.#timer.unref?.()
  }

  #tick(): void {
    this.check()
    if (this.lost.aborted) return
    void this.#ask()
    this.#schedule()
  }

  async #ask(): Promise<void> {
    if (this.#renewing) return
    this.#renewing = true
    const since = performance.now()
    try {
      if (await this.#renew()) this.#until = Math.max(this.#until, since + this.#length)
      else if (this.#timer) this.#lose('somebody else has it')
    } catch {
      // Tried again at the next turn, until the lease has run out.
    } finally {
      this.#renewing = false
    }
  }
}
