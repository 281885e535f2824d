// Builds the package unless what was built is newer than everything that it is built from.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = ['src', 'package.json', 'rollup.config.mjs', 'tsconfig.json', 'scripts/package/entries.json']
/** Written last: a build that was interrupted is none. */
const stamp = join(root, 'reports', 'built')

const builtAt = () => (existsSync(join(root, 'dist/index.js')) ? (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0) : 0)
const changedAt = (path) => {
  const stats = statSync(path)
  // The folder's own time too: a file that is removed leaves no other trace.
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))))
}

export function buildIfStale() {
  if (Math.max(...sources.map((path) => changedAt(join(root, path)))) < builtAt()) return
  rmSync(stamp, { force: true })
  const rollup = join(root, 'node_modules/rollup/dist/bin/rollup')
  execFileSync(process.execPath, [rollup, '-c', '--failAfterWarnings', '--silent'], { cwd: root, stdio: 'inherit' })
  mkdirSync(join(root, 'reports'), { recursive: true })
  writeFileSync(stamp, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildIfStale()
