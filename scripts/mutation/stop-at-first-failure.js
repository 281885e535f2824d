// One failure kills a mutant: the remaining tests of the file, which may all hang, are skipped.
import { TestEnvironment } from 'jest-environment-node'

export default class extends TestEnvironment {
  #failed = false

  handleTestEvent({ name, test }) {
    if (name === 'test_start' && this.#failed) test.mode = 'skip'
    if (name === 'test_done' && test.errors.length > 0) this.#failed = true
  }
}
