const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      'ts-jest',
      {
        useESM: true,
        diagnostics: { ignoreCodes: [151001] },
        tsconfig: {
          module: 'ESNext',
          target: 'ES2022',
          isolatedModules: true,
          esModuleInterop: true,
          verbatimModuleSyntax: true,
        },
      },
    ],
  },
}
const own = {
  '^axios-attach-oauth$': '<rootDir>/src/index.ts',
  '^axios-attach-oauth/(grants|testing)$': '<rootDir>/src/$1/index.ts',
  '^axios-attach-oauth/(step-up|keep-alive|shared)$': '<rootDir>/src/$1.ts',
  '^axios-attach-oauth/(.*)$': '<rootDir>/src/stores/$1.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
}

/** @type {import('jest').Config} */
export default {
  testTimeout: 60_000,
  globalSetup: '<rootDir>/__tests__/helpers/build.mjs',
  projects: [
    { ...shared, displayName: 'newest axios', moduleNameMapper: own, testMatch: ['<rootDir>/__tests__/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'axios 1.7.0',
      moduleNameMapper: { '^axios$': '<rootDir>/node_modules/axios-1.7.0/dist/node/axios.cjs', ...own },
      // Everything that axios takes part in.
      testMatch: ['<rootDir>/__tests__/{axios,integration,grants}/**/*.test.ts', '<rootDir>/__tests__/model/session.test.ts'],
    },
  ],
}
