// Packs the package as `npm publish` does, and unpacks it: for the tests that install it, resolve it and compile against it, and for the check of its files.
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIfStale } from '../build-stale.js'

const directory = 'reports/package'

export default function pack() {
  buildIfStale()
  rmSync(directory, { recursive: true, force: true })
  // Files in this folder import the package by its name, and find axios in the project's own node_modules.
  const installed = join(directory, 'node_modules', 'axios-attach-oauth')
  mkdirSync(installed, { recursive: true })
  const stubs = (what) =>
    execFileSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'scripts/package/stubs.ts', what], { stdio: 'inherit' })
  stubs('write')
  try {
    const options = { encoding: 'utf8', shell: process.platform === 'win32' }
    // Without scripts: the build is there already.
    const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], options)
    renameSync(join(directory, JSON.parse(output)[0].filename), join(directory, 'package.tgz'))
  } finally {
    stubs('remove')
  }
  execFileSync('tar', ['-xzf', join(directory, 'package.tgz'), '--strip-components=1', '-C', installed])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) pack()
