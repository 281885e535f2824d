import { readFileSync } from 'node:fs'
import axios from 'axios'

interface Manifest {
  version: string
  peerDependencies: Record<string, string>
}
const manifest = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest

/** The first and the last release of the range that is named, as far as it was out when the dependencies were last renewed. */
const oldest = manifest('package.json').peerDependencies.axios!.replace(/^\^/, '')
const newest = manifest('node_modules/axios/package.json').version

it('the tests run on the oldest axios that the package names, and on the newest', () => {
  expect(oldest).toMatch(/^1\.\d+\.\d+$/)
  expect(newest).toMatch(/^1\./)
  expect([oldest, newest]).toContain(axios.VERSION)
  const names = [...readFileSync('jest.shared.js', 'utf8').matchAll(/displayName: '(.+?)'/g)].map(([, name]) => name)
  expect(names).toEqual(['newest axios', `axios ${oldest}`])
})
