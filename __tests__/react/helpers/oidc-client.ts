import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'

const run = promisify(execFile)
const VERSION = '3.5.0'

/** Installs oidc-client-ts in a folder of its own, and bundles it. Resolves with the bundle's path. */
export async function installOidcClient(): Promise<{ bundle: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-oidc-client-'))
  const npm = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', `oidc-client-ts@${VERSION}`]
  await run('npm', npm, { cwd: directory, shell: process.platform === 'win32' })
  const bundle = join(directory, 'oidc-client-ts.mjs')
  await build({
    stdin: { contents: `export * from 'oidc-client-ts'`, resolveDir: directory },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    outfile: bundle,
    logLevel: 'warning',
  })
  return { bundle, remove: () => rm(directory, { recursive: true, force: true }) }
}
