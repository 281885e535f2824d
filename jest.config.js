/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^axios-attach-oauth$': '<rootDir>/src/index.ts',
    '^axios-attach-oauth/grants$': '<rootDir>/src/grants/index.ts',
    '^axios-attach-oauth/testing$': '<rootDir>/src/testing/index.ts',
    '^axios-attach-oauth/(.*)$': '<rootDir>/src/stores/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '\\.ts$': ['ts-jest', { useESM: true, isolatedModules: true, diagnostics: false }] },
  testTimeout: 30_000,
  forceExit: false,
}
