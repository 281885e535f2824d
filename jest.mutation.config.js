import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import config from './jest.config.js'

// Mutants are tested by the tests that are meant for them, a few random programs among these. Tests that need a build or servers in processes of their own
// are left out.
const parts = JSON.parse(readFileSync(new URL('scripts/mutation/parts.json', import.meta.url), 'utf8'))
const [newest] = config.projects
const { MUTATION_PART = 'session' } = process.env
process.env.MODEL_RUNS ??= '80'
process.env.MODEL_SEED ??= '1'

/** @type {import('jest').Config} */
export default {
  ...newest,
  testTimeout: 5000,
  testEnvironment: fileURLToPath(new URL('scripts/mutation/stop-at-first-failure.js', import.meta.url)),
  testSequencer: '<rootDir>/scripts/mutation/cheapest-first.js',
  testMatch: parts[MUTATION_PART].tests.map((pattern) => `<rootDir>/__tests__/${pattern}.test.ts`),
}
