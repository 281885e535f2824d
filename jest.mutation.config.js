import { fileURLToPath } from 'node:url'
import config from './jest.config.js'

// What needs a built package or real servers in processes of their own is left out: mutants are held against everything else, and against a few random programs.
const [newest] = config.projects
process.env.MODEL_RUNS ??= '100'
process.env.MODEL_SEED ??= '1'

/** @type {import('jest').Config} */
export default {
  ...newest,
  testTimeout: 5000,
  testEnvironment: fileURLToPath(new URL('scripts/mutation/first-failure-ends-it.mjs', import.meta.url)),
  testSequencer: '<rootDir>/scripts/mutation/cheapest-first.mjs',
  testMatch: [
    '<rootDir>/__tests__/*.test.ts',
    '<rootDir>/__tests__/{axios,session}/*.test.ts',
    '<rootDir>/__tests__/grants/!(real-server).test.ts',
    '<rootDir>/__tests__/integration/{bodies,failures,origins,secrets,step-up,waiting}.test.ts',
    '<rootDir>/__tests__/model/session.test.ts',
  ],
}
