const { MUTATION_REPORT = 'reports/mutation.json' } = process.env

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'jest',
  jest: { configFile: 'jest.mutation.config.js' },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  // Well above the time limit of a test: a test that hangs fails by itself, and a busy machine kills no mutant.
  timeoutMS: 10_000,
  tempDirName: 'reports/stryker-tmp',
  ignorePatterns: ['dist', 'reports', 'docs', 'bench'],
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: MUTATION_REPORT },
}
