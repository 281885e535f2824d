// npm run entries: writes what is derived from `entries.json` into package.json and tsconfig.json.
import { readFile, writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { entries, withEntries, withPaths } from './manifest.js'

for (const [path, derive] of Object.entries({ 'package.json': withEntries, 'tsconfig.json': withPaths })) {
  const text = derive(await readFile(path, 'utf8'), entries)
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }))
}
