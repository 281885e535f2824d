import { execFile } from 'node:child_process'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tarball } from '../helpers/packed.js'

const run = promisify(execFile)
const shell = process.platform === 'win32'
const directories: string[] = []
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))))

/** A copy of a project of `user-projects/`, with its packages from npm and this one from the tarball. */
async function install(folder: string, manifest: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-user-'))
  directories.push(directory)
  await cp(join(process.cwd(), '__tests__/package/user-projects', folder), directory, { recursive: true })
  await rename(join(directory, manifest), join(directory, 'package.json'))
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await run('npm', [...install, tarball], { cwd: directory, shell })
  return directory
}

/** What a program prints. A process that does not exit by itself is killed, and the test fails. */
async function output(cwd: string, ...command: string[]): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', FORCE_COLOR: '0' }
  const { stdout, stderr } = await run(process.execPath, command, { cwd, env, timeout: 90_000 }).catch(
    (error: { stdout: string; stderr: string; killed: boolean }) => {
      throw new Error(`${error.killed ? 'It does not exit by itself. ' : ''}${error.stdout}${error.stderr}`)
    },
  )
  return stdout + stderr
}

describe("a user's own tests", () => {
  it.each([
    ['Jest 29 (Node, jsdom, nock, msw)', 'jest-29.json', 6, 21],
    ['Jest 30 (Node, jsdom with fetch, nock, msw)', 'jest-30.json', 7, 25],
  ])(
    'attach, refresh and send again with mocks and fake timers, and end by themselves: %s',
    async (_name, manifest, files, tests) => {
      const directory = await install('jest', manifest)
      const printed = await output(directory, 'node_modules/jest/bin/jest.js', '--runInBand')
      expect(printed).toContain(`Test Suites: ${files} passed, ${files} total`)
      expect(printed).toContain(`Tests:       ${tests} passed, ${tests} total`)
      expect(printed).not.toMatch(/did not exit|failed to exit|open handle/i)
    },
  )

  it('attach, refresh and send again with mocks and fake timers, and end by themselves: Vitest and node:test (jsdom, happy-dom)', async () => {
    const directory = await install('vitest', 'vitest.json')
    const printed = await output(directory, 'node_modules/vitest/vitest.mjs', 'run')
    expect(printed).toMatch(/Test Files +4 passed/)
    expect(printed).toMatch(/Tests +16 passed/)
    expect(printed).not.toMatch(/close timed out|hanging/i)
    expect(await output(directory, '--test', 'node/exit.mjs')).toContain('# pass 1')
  })
})
