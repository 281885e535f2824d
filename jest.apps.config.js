import { common, projectsOf } from './jest.shared.js'

/** @type {import('jest').Config} */
export default {
  ...common,
  testTimeout: 180_000,
  maxWorkers: 2,
  globalSetup: '<rootDir>/__tests__/helpers/pack.mjs',
  projects: projectsOf('apps.test'),
}
