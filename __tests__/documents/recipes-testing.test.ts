// The recipe for tests is a test. nock replaces the network of its whole process, which runs other test files afterwards.
import nock from 'nock'
import '../../docs/recipes/code/client.test.js'
import '../../docs/recipes/code/fake-session.test.js'

afterAll(() => nock.restore())
