// How big the core is for who bundles it: minified, gzipped, axios left out. Fails when it has grown past the limit.
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const LIMIT = 12.5
const { outputFiles } = await build({
  entryPoints: ['src/index.ts'],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  external: ['axios'],
  write: false,
})
const size = gzipSync(outputFiles[0].contents, { level: 9 }).length / 1024
console.log(`core: ${size.toFixed(2)} KB min + gzip, limit ${LIMIT} KB`)
process.exitCode = size <= LIMIT ? 0 : 1
