// npm run check:package: packs the package, prints its files, and fails when one is packed that is not for users.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { browserFiles, entries, subpathsOf, type Entries } from './manifest.js'

const unpacked = 'reports/package/node_modules/axios-attach-oauth'

/** The files that are packed on purpose; all others are mistakes. */
function allowedFiles(of: Entries): RegExp {
  const [all, subpaths] = [Object.keys(of).join('|'), subpathsOf(of).join('|')]
  const code = '(?:c?js(?:\\.map)?|d\\.c?ts)'
  return new RegExp(
    `^(?:package\\.json|README\\.md|LICENSE|CHANGELOG\\.md|docs/errors\\.md|(?:${subpaths})/package\\.json|dist/(?:${all})\\.${code}|dist/node-only(?:\\.browser)?\\.c?js(?:\\.map)?|dist/shared/[\\w-]+-[\\w-]{8}\\.${code})$`,
  )
}

interface SourceMap {
  sources: string[]
  sourceRoot?: string
}

/** A source map may lead to `src` only, by relative paths. */
function mistakesInMap(path: string, text: string): string[] {
  const { sources, sourceRoot } = JSON.parse(text) as SourceMap
  const isOutside = (source: string): boolean => !/^src[\\/]/.test(normalize(join(dirname(path), source)))
  const wrong = sources.filter((source) => /^(?:[a-z]+:|[\\/])/i.test(source) || isOutside(source))
  return [...wrong, ...(sourceRoot ? [sourceRoot] : [])].map((source) => `${path}: leads to ${source}`)
}

/** What is wrong with the files of a package, by path and content. `root` is a path of this machine that must not occur. */
export function mistakesOf(files: ReadonlyMap<string, string>, of: Entries, root: string): string[] {
  const allowed = allowedFiles(of)
  const expected = [
    ...Object.keys(of).flatMap((entry) => ['js', 'cjs', 'd.ts', 'd.cts'].map((extension) => `dist/${entry}.${extension}`)),
    ...subpathsOf(of).map((entry) => `${entry}/package.json`),
    ...Object.entries(browserFiles)
      .flat()
      .map((path) => path.replace('./', '')),
  ]
  return [
    ...[...files.keys()].filter((path) => !allowed.test(path)).map((path) => `${path}: is not for users`),
    ...expected.filter((path) => !files.has(path)).map((path) => `${path}: is missing`),
    ...[...files].filter(([, text]) => text.includes(root)).map(([path]) => `${path}: contains a path of this machine`),
    ...[...files].filter(([path]) => path.endsWith('.map')).flatMap(([path, text]) => mistakesInMap(path, text)),
  ]
}

/** Reads all files below a folder. */
export function readFiles(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  const files = paths.filter((path) => statSync(join(folder, path)).isFile()).toSorted()
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

if (process.argv[1]?.endsWith('check-files.ts')) {
  execFileSync(process.execPath, ['scripts/package/pack.js'], { stdio: 'inherit' })
  const files = readFiles(unpacked)
  for (const [path, text] of files) console.log(`${String(Buffer.byteLength(text)).padStart(8)}  ${path}`)
  const mistakes = mistakesOf(files, entries, process.cwd())
  mistakes.forEach((line) => console.error(line))
  console.log(`${files.size} files, ${mistakes.length} mistakes`)
  process.exitCode = mistakes.length === 0 ? 0 : 1
}
