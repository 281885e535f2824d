// npm run size:readme: writes the sizes of the bundles into the first screen of the README.
import { readFile, writeFile } from 'node:fs/promises'
import { bundleForBrowsers, use } from './browser-bundle.js'

const core = use('index', 'attachOAuth')
const stored = `${core}\n${use('web', 'webStore')}`
/** What an application imports, in the order in which the README names it. */
const bundles = [core, stored, `${stored}\n${use('refresh-token', 'refreshToken')}`]

const sizeOf = async (code: string): Promise<number> => (await bundleForBrowsers(code)).bytes / 1024

/** The sizes that the README states, in KB: minified and gzipped, without axios. */
export const readmeSizes = (): Promise<number[]> => Promise.all(bundles.map(sizeOf))

/** Replaces the figures of the line "Size". Throws when it does not state as many. */
export function withSizes(readme: string, sizes: readonly number[]): string {
  return readme.replace(/\*\*Size\*\*.*/, (line) => {
    const rest = [...sizes]
    const written = line.replace(/[\d.]+ KB/g, () => `${rest.shift()?.toFixed(1)} KB`)
    if (rest.length > 0 || written.includes('undefined')) throw new Error(`the line "Size" must state ${sizes.length} figures`)
    return written
  })
}

if (process.argv[1]?.endsWith('readme-size.ts')) {
  const sizes = await readmeSizes()
  await writeFile('README.md', withSizes(await readFile('README.md', 'utf8'), sizes))
  console.log(sizes.map((size) => `${size.toFixed(1)} KB`).join(', '))
}
