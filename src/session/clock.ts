import type { Environment } from './environment.js'

/** A backward jump shorter than this, in milliseconds, counts as rounding. */
const JUMP = 2000

/**
 * This machine's time, in epoch milliseconds. After a backward jump the clock continues from the time that has really passed
 * since the token was received, until the next token is adopted.
 */
export class Clock {
  readonly #environment: Environment
  #offset = 0
  #anchor!: { readonly time: number; readonly monotonic: number }

  constructor(environment: Environment) {
    this.#environment = environment
    this.anchor()
  }

  now(): number {
    return this.#environment.now() + this.#offset
  }

  /** Converts a time to the platform's clock. */
  toPlatform(time: number): number {
    return time - this.#offset
  }

  /** Converts a time of the platform's clock. */
  fromPlatform(time: number): number {
    return time + this.#offset
  }

  /** Follows the platform's clock again. */
  anchor(): void {
    this.#offset = 0
    this.#anchor = { time: this.#environment.now(), monotonic: this.#environment.monotonic() }
  }

  /** Corrects a backward jump. Returns `true` if there was one. */
  correctJump(platformNow: number, lastSeen: number): boolean {
    if (platformNow >= lastSeen - JUMP) return false
    this.#offset = this.#anchor.time + this.#environment.monotonic() - this.#anchor.monotonic - platformNow
    return true
  }
}
