// One failure is enough to know that a mutant is dead: the other tests of the file, which may hang one after the other, are spared.
import { TestEnvironment } from 'jest-environment-node'

export default class extends TestEnvironment {
  #failed = false

  handleTestEvent({ name, test }) {
    if (name === 'test_start' && this.#failed) test.mode = 'skip'
    if (name === 'test_done' && test.errors.length > 0) this.#failed = true
  }
}
