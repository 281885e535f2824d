import { OAuthError } from '../../errors.js'

/** How many times a lease is renewed within its length. */
const RENEWALS = 3

/**
 * A lock for a limited time, renewed while the holder runs. `lost` is aborted once another process may have acquired the lock.
 * This process's monotonic clock measures the time from before the command was sent, so the holder stops relying on the lock
 * before the server releases it.
 */
export class Lease {
  readonly #lost = new AbortController()
  readonly #name: string
  readonly #length: number
  readonly #renew: () => Promise<boolean>
  #until: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #renewing = false

  /**
   * `since`: when the lock was requested (`performance.now()`). `renew` resolves with false when another process holds the lock.
   */
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

  /**
   * Compares with the clock, so that a process that was suspended for longer than the lease notices before it does anything else.
   */
  check(): void {
    if (performance.now() >= this.#until) this.#lose('its lease has expired')
  }

  /** Stops the renewals. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #lose(reason: string): void {
    this.end()
    if (this.lost.aborted) return
    this.#lost.abort(new OAuthError('OAUTH_STORE_FAILED', `The lock of the token store (${this.#name}) was lost: ${reason}.`))
  }

  #schedule(): void {
    const delay = Math.min(this.#length / RENEWALS, Math.max(0, this.#until - performance.now()))
    this.#timer = setTimeout(() => this.#tick(), delay)
    this.#timer.unref?.()
  }

  #tick(): void {
    this.check()
    if (this.lost.aborted) return
    void this.#requestRenewal()
    this.#schedule()
  }

  async #requestRenewal(): Promise<void> {
    if (this.#renewing) return
    this.#renewing = true
    const since = performance.now()
    try {
      if (await this.#renew()) this.#until = Math.max(this.#until, since + this.#length)
      else if (this.#timer) this.#lose('another process has it')
    } catch {
      // The next tick tries again, until the lease has expired.
    } finally {
      this.#renewing = false
    }
  }
}
