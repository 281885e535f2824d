// The order in which a mutant meets the test files: the first one that fails ends it, so the cheap ones that see much come first.
import Sequencer from '@jest/test-sequencer'

const order = ['token', 'errors', 'policy', 'loopback', 'step-up', 'session/', 'axios/', 'model/', 'grants/', 'integration/']
const rank = ({ path }) => order.findIndex((part) => path.split('__tests__/')[1].startsWith(part))

export default class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path))
  }
}
