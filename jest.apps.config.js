import { common, projectsOf } from './jest.shared.js'

/** @type {import('jest').Config} */
export default {
  ...common,
  testTimeout: 180_000,
  maxWorkers: 2,
  maxConcurrency: 2,
  globalSetup: '<rootDir>/scripts/package/pack.js',
  projects: projectsOf('apps.test'),
}
