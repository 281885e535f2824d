// Tests that use the package as it is published (the demo, the examples, another copy) need a build. One that is newer than the sources is kept.
import { buildIfStale } from '../../scripts/build-stale.js'

export default buildIfStale
