import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** `axios-attach-oauth` is what was built, not the sources. */
export const tsx = ['node_modules/tsx/dist/cli.mjs', '--tsconfig', 'scripts/tsconfig.run.json']

/** Runs a script in TypeScript with its arguments, Node's own first; resolves with what it prints. */
export async function runScript(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--no-warnings', ...tsx, ...args]).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}${error.stderr}`)
    },
  )
  return stdout
}
