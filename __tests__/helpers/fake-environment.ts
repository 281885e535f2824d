import type { Environment } from '../../src/session/environment.js'

interface Timer {
  at: number
  callback: () => void
}

/** A world whose time stands still until it is told to go on. */
export class FakeEnvironment implements Environment {
  /** Epoch milliseconds. */
  wall = Date.UTC(2026, 0, 2)
  mono = 1000
  randomness = 0
  readonly #timers = new Set<Timer>()

  now = (): number => this.wall
  monotonic = (): number => this.mono
  random = (): number => this.randomness

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.mono + ms, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size
  }

  /** Lets time pass on both clocks, and whatever was due in it happen. */
  async pass(ms: number): Promise<void> {
    await settle()
    const end = this.mono + ms
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0]
      if (!next || next.at > end) break
      this.#timers.delete(next)
      this.#advance(Math.max(0, next.at - this.mono))
      next.callback()
      await settle()
    }
    this.#advance(end - this.mono)
    await settle()
  }

  #advance(ms: number): void {
    this.mono += ms
    this.wall += ms
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}
