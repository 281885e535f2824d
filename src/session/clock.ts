import type { Environment } from './environment.js'

/** A backward jump below this many milliseconds is taken for rounding. */
const JUMP = 2000
/** The `Date` header counts whole seconds and has travelled: only a clock that is further off, in milliseconds, is corrected. */
const DRIFT = 5000

/** The time by the token endpoint's clock, in epoch milliseconds. This computer's own may be wrong, and may jump. */
export class Clock {
  readonly #environment: Environment
  #offset = 0
  #anchor!: { time: number; monotonic: number }

  constructor(environment: Environment) {
    this.#environment = environment
    // The clock may jump before anybody has signed in.
    this.anchor()
  }

  now(): number {
    return this.#environment.now() + this.#offset
  }

  /** The same moment by this computer's clock. */
  toLocal(time: number): number {
    return time - this.#offset
  }

  fromLocal(local: number): number {
    return local + this.#offset
  }

  /** Remembers, on both clocks, a moment that lies `age` milliseconds back. */
  anchor(age = 0): void {
    this.#anchor = { time: this.now() - age, monotonic: this.#environment.monotonic() - age }
  }

  /** How much time has really passed since then, in milliseconds. */
  sinceAnchor(): number {
    return this.#environment.monotonic() - this.#anchor.monotonic
  }

  /** Corrects the clock after a jump back, by what has really passed. True when there was one. */
  jumpedBack(local: number, lastSeen: number): boolean {
    if (local >= lastSeen - JUMP) return false
    this.#offset = this.#anchor.time + this.sinceAnchor() - local
    return true
  }

  /** Corrects the clock by the `Date` header of the token endpoint (RFC 9110 §6.6.1). */
  correct(date: string | null | undefined): void {
    const offset = Date.parse(date ?? '') - this.#environment.now()
    if (!Number.isNaN(offset)) this.#offset = Math.abs(offset) > DRIFT ? offset : 0
  }
}
