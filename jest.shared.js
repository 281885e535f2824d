import { readFileSync } from 'node:fs'

const entries = JSON.parse(readFileSync(new URL('scripts/package/entries.json', import.meta.url), 'utf8'))

const ownName = Object.entries(entries).map(([entry, source]) => [
  `^axios-attach-oauth${entry === 'index' ? '' : `/${entry}`}$`,
  `<rootDir>/${source}`,
])

/** The releases of axios that tests run on: `module` is the alias in package.json, and `testMatch` the tests that axios takes part in. */
const withAxios = ['{axios,integration,grants}/**/*', 'model/session']
const releases = [
  { displayName: 'newest axios', tests: ['**/*'] },
  { displayName: 'axios 1.7.0', module: 'axios-1.7.0', tests: withAxios },
]

const project = {
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/__tests__/helpers/retry.mjs'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '\\.tsx?$': [
      'ts-jest',
      {
        useESM: true,
        diagnostics: { ignoreCodes: [151001] },
        tsconfig: {
          module: 'ESNext',
          target: 'ES2022',
          jsx: 'react-jsx',
          isolatedModules: true,
          esModuleInterop: true,
          verbatimModuleSyntax: true,
        },
      },
    ],
  },
}

/** One project for each release of axios. `suffix` tells the groups apart: `x.test.ts`, `x.long.test.ts`, `x.apps.test.ts`. */
export function projectsOf(suffix, ignored = []) {
  return releases.map(({ displayName, module, tests }) => ({
    ...project,
    displayName,
    moduleNameMapper: {
      ...(module && { '^axios$': `<rootDir>/node_modules/${module}/dist/node/axios.cjs` }),
      ...Object.fromEntries(ownName),
      '^(\\.{1,2}/.*)\\.js$': '$1',
    },
    testMatch: tests.map((pattern) => `<rootDir>/__tests__/${pattern}.${suffix}.{ts,tsx}`),
    testPathIgnorePatterns: ['/node_modules/', ...ignored],
  }))
}

export const common = {
  testTimeout: 60_000,
  globalSetup: '<rootDir>/__tests__/helpers/build.mjs',
  // Each file leaves its ES modules in the memory of its process, which makes later files slow: the random programs took ten times as long.
  workerIdleMemoryLimit: '500MB',
}
