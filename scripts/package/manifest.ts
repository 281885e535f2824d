// Derives from `entries.json` all that package managers, bundlers and compilers read: add an entry there, then `npm run entries`.
import { readFileSync } from 'node:fs'

/** Source file by entry; `index` is the package itself, every other name is a subpath. */
export type Entries = Readonly<Record<string, string>>

export const name = 'axios-attach-oauth'
export const entries = JSON.parse(readFileSync(new URL('./entries.json', import.meta.url), 'utf8')) as Entries

const formats = { import: { types: 'd.ts', default: 'js' }, require: { types: 'd.cts', default: 'cjs' } }
/** Never generated: what is packed beside the build and the stubs. */
const documents = ['docs/errors.md', 'README.md', 'LICENSE', 'CHANGELOG.md']

export const subpathsOf = (of: Entries): string[] => Object.keys(of).filter((entry) => entry !== 'index')
export const specifierOf = (entry: string): string => (entry === 'index' ? name : `${name}/${entry}`)

/** For Node and everything that reads `exports`. */
export function exportsOf(of: Entries): Record<string, unknown> {
  const conditions = (entry: string): object =>
    Object.fromEntries(
      Object.entries(formats).map(([condition, { types, default: code }]) => [
        condition,
        { types: `./dist/${entry}.${types}`, default: `./dist/${entry}.${code}` },
      ]),
    )
  const paths = Object.keys(of).map((entry) => [entry === 'index' ? '.' : `./${entry}`, conditions(entry)])
  return { ...Object.fromEntries(paths), './package.json': './package.json' }
}

/** For bundlers that target browsers: they take the file on the right in place of the one on the left, which has code for Node alone. */
export const browserFiles = {
  './dist/node-only.js': './dist/node-only.browser.js',
  './dist/node-only.cjs': './dist/node-only.browser.cjs',
}

/** For `moduleResolution: node10`. `.d.ts`, as the package itself: a second copy of the declarations would collide with the first. */
export function typesVersionsOf(of: Entries): object {
  return { '*': Object.fromEntries(subpathsOf(of).map((entry) => [entry, [`./dist/${entry}.d.ts`]])) }
}

export const filesOf = (of: Entries): string[] => ['dist', ...subpathsOf(of).toSorted(), ...documents]

/** The `package.json` of the folder of a subpath, for resolvers that read no `exports`: Metro before 0.79, webpack 4, eslint-plugin-import. */
export function stubOf(entry: string): object {
  return {
    main: `../dist/${entry}.cjs`,
    module: `../dist/${entry}.js`,
    'react-native': `../dist/${entry}.js`,
    types: `../dist/${entry}.d.ts`,
  }
}

/** Lets the compiler find the sources under the package's own name. */
export const pathsOf = (of: Entries): Record<string, string[]> =>
  Object.fromEntries(Object.entries(of).map(([entry, source]) => [specifierOf(entry), [`./${source}`]]))

interface Manifest {
  exports: unknown
  browser: unknown
  typesVersions: unknown
  files: string[]
}
interface CompilerConfig {
  compilerOptions: { paths: unknown }
}

/** The text of `package.json` with the derived fields. */
export function withEntries(packageJSON: string, of: Entries): string {
  const manifest = JSON.parse(packageJSON) as Manifest
  const derived = { files: filesOf(of), typesVersions: typesVersionsOf(of), browser: browserFiles, exports: exportsOf(of) }
  return format(Object.assign(manifest, derived))
}

/** The text of `tsconfig.json` with the derived paths. */
export function withPaths(tsconfig: string, of: Entries): string {
  const config = JSON.parse(tsconfig) as CompilerConfig
  config.compilerOptions.paths = pathsOf(of)
  return format(config)
}

const format = (json: unknown): string => `${JSON.stringify(json, null, 2)}\n`
