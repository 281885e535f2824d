import { fileURLToPath } from 'node:url'
import config from './jest.config.js'
import { rooms } from './scripts/mutation/rooms.mjs'

// Mutants are held against the tests that are meant for them, a few random programs among these; what needs a built package or servers in processes of their own is
// left out.
const [newest] = config.projects
const { MUTATION_ROOM = 'session' } = process.env
process.env.MODEL_RUNS ??= '80'
process.env.MODEL_SEED ??= '1'

/** @type {import('jest').Config} */
export default {
  ...newest,
  testTimeout: 5000,
  testEnvironment: fileURLToPath(new URL('scripts/mutation/first-failure-ends-it.mjs', import.meta.url)),
  testSequencer: '<rootDir>/scripts/mutation/cheapest-first.mjs',
  testMatch: rooms[MUTATION_ROOM].tests.map((pattern) => `<rootDir>/__tests__/${pattern}.test.ts`),
}
