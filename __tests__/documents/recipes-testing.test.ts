// The recipe for tests is a test. nock replaces the network of its whole process, so it has a file of its own.
import '../../docs/recipes/code/client.test.js'
import '../../docs/recipes/code/fake-session.test.js'
