// The order of the test files for a mutant: the first failure ends the run, so fast files with wide coverage come first.
import Sequencer from '@jest/test-sequencer'

const order = ['token', 'errors', 'policy', 'loopback', 'step-up', 'session/', 'axios/', 'model/', 'grants/', 'integration/']
const rank = ({ path }) => order.findIndex((part) => path.split('__tests__/')[1].startsWith(part))

export default class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path))
  }
}
