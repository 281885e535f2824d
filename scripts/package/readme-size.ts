// npm run size:readme: writes the sizes of the bundles into the first screen of the README.
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { entries } from './manifest.js'

/** Replaces files as the `browser` field of package.json does. */
const forBrowsers: Plugin = {
  name: 'browser field',
  setup({ onResolve }) {
    onResolve({ filter: /\/node-only\.js$/ }, () => ({ path: resolve('src/node-only.browser.ts') }))
  },
}

const core = [['index', 'attachOAuth']] as const
const stored = [...core, ['web', 'webStore']] as const
/** What an application imports, in the order in which the README names it. */
const bundles = [core, stored, [...stored, ['refresh-token', 'refreshToken']]] as const

async function sizeOf(imports: (typeof bundles)[number]): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: imports.map(([entry, name]) => `export { ${name} } from './${entries[entry]}'`).join('\n'),
      resolveDir: '.',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: ['axios', 'node:*'],
    tsconfigRaw: '{}',
    plugins: [forBrowsers],
    write: false,
  })
  const [output] = outputFiles
  if (!output) throw new Error('esbuild gave no bundle')
  return gzipSync(output.contents, { level: 9 }).length / 1024
}

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
