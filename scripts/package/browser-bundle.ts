// The bundle of an application for browsers, for the scripts that measure sizes.
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile, type Plugin } from 'esbuild'
import { entries } from './manifest.js'

/** Replaces files as the `browser` field of package.json does. */
const forBrowsers: Plugin = {
  name: 'browser field',
  setup({ onResolve }) {
    onResolve({ filter: /\/node-only\.js$/ }, () => ({ path: resolve('src/node-only.browser.ts') }))
  },
}

/** The statement of an application that uses these names of an entry. */
export const use = (entry: string, ...names: string[]): string => `export { ${names.join(', ')} } from './${entries[entry]}'`

/** The bytes of a bundle, minified and gzipped, without axios. */
export async function bundleForBrowsers(code: string, plugins: Plugin[] = []): Promise<{ bytes: number; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: '.' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: ['axios', 'node:*'],
    tsconfigRaw: '{}',
    write: false,
    metafile: true,
    plugins: [forBrowsers, ...plugins],
  })
  const [output] = outputFiles
  if (!output) throw new Error('esbuild gave no bundle')
  return { bytes: gzipSync(output.contents, { level: 9 }).length, metafile }
}
