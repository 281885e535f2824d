// Builds the package once for the tests that use it as it is published: packed, by the demo and by the examples.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export default async function build() {
  await promisify(execFile)('npm', ['run', 'build', '--silent'])
}
