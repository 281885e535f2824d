// Runs before and after `npm pack` and `npm publish`: the folders of the subpaths exist only while the package is packed.
//   tsx scripts/package/stubs.ts write|remove
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { entries, stubOf, subpathsOf } from './manifest.js'

for (const entry of subpathsOf(entries)) {
  await rm(entry, { recursive: true, force: true })
  if (process.argv[2] !== 'write') continue
  await mkdir(entry)
  await writeFile(`${entry}/package.json`, `${JSON.stringify(stubOf(entry), null, 2)}\n`)
}
