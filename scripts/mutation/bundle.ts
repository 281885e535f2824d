// Makes one program of a part: its sources with all mutants in them, and its tests.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import { build } from 'esbuild'
import { glob } from 'tinyglobby'

export type Mutant = Awaited<ReturnType<Instrumenter['instrument']>>['mutants'][number]

export interface Part {
  /** Patterns of sources. */
  readonly mutate: readonly string[]
  /** Patterns of test files, without their folder and ending. */
  readonly tests: readonly string[]
}

const nothing = (): void => undefined
const log = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
}

const api = fileURLToPath(new URL('test-api.ts', import.meta.url))
const runner = fileURLToPath(new URL('test-run.ts', import.meta.url))
const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

export const workerFile = 'reports/mutation/worker.cjs'

const common = { bundle: true, format: 'cjs', platform: 'node', target: 'node20', logLevel: 'error' } as const

const importOf = (path: string): string => `() => import(${JSON.stringify(resolve(path))})`

/** Writes the program of a part to `outfile`, and answers with its mutants. */
export async function bundle({ mutate, tests }: Part, outfile: string): Promise<readonly Mutant[]> {
  const sources = (await glob([...mutate])).sort()
  const files = await Promise.all(tests.map((pattern) => glob(`__tests__/${pattern}.test.ts`)))
  const { files: instrumented, mutants } = await new Instrumenter(log).instrument(
    await Promise.all(sources.map(async (name) => ({ name, mutate: true, content: await readFile(name, 'utf8') }))),
    { plugins: null, excludedMutations: [], ignorers: [] },
  )
  const contents = new Map(instrumented.map(({ name, content }) => [resolve(name), content]))
  const entries = await Promise.all(
    [...new Set(files.flatMap((some) => some.sort()))].map(async (path) => {
      const isPage = (await readFile(path, 'utf8')).includes('@jest-environment jsdom')
      return `${JSON.stringify(path.slice('__tests__/'.length))}: { load: ${importOf(path)}, isPage: ${isPage} }`
    }),
  )
  await build({ ...common, entryPoints: [worker], outfile: workerFile })
  await build({
    ...common,
    stdin: {
      contents: `import { run } from ${JSON.stringify(runner)}
export const start = (order, watch) => run(order, [${sources.map(importOf).join()}], { ${entries.join()} }, watch)`,
      resolveDir: process.cwd(),
    },
    outfile,
    // The test framework is loaded once for all mutants, everything else again for each.
    external: ['esbuild', 'expect', 'fast-check', 'jest-each', 'jest-mock', '@jest/fake-timers'],
    define: { 'import.meta.url': '__url' },
    banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href" },
    inject: [api],
    alias: { '@jest/globals': api },
    plugins: [
      {
        name: 'instrumented',
        setup: ({ onLoad }) => {
          onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
            const text = contents.get(path)
            return text === undefined ? undefined : { contents: text, loader: 'ts' }
          })
        },
      },
    ],
  })
  return mutants
}
