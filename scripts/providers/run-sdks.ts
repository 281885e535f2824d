import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Installs the identity SDKs and the packed package in a folder of their own, and lets each SDK refresh a session. Resolves with one line for each case of
 * `sdks/`: its name and what became of the session.
 */
export async function runSDKs(tarball: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-sdks-'))
  try {
    await cp(join(process.cwd(), 'scripts/providers/sdks'), directory, { recursive: true })
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
    await run('npm', [...install, tarball], { cwd: directory, shell: process.platform === 'win32' })
    const { stdout } = await run(process.execPath, ['--no-warnings', 'run.mjs'], { cwd: directory })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as string[]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
