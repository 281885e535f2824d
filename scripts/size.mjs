// How big the core is for who bundles it: minified, gzipped, axios left out, and which parts of it that is. Fails when it has grown past the limit.
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const LIMIT = 13.9
const parts = [
  ['attaching and recovering', /^src\/(axios|loopback)/],
  ['the session', /^src\/session\/(session|standing|flight|state|environment|time-limit|parts)/],
  ['refreshing and the shared store', /^src\/session\/(renewal|vault|neighbours|saving|token-request)/],
  ['clock, brakes, events', /^src\/session\//],
  ['token JSON and the policy', /^src\/(tokens|policy)/],
  ['errors and memoryStore', /./],
]

async function bundle(code) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: '.' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['axios'],
    write: false,
    metafile: true,
  })
  const bytes = outputFiles[0].contents
  return { bytes: bytes.length, kilobytes: gzipSync(bytes, { level: 9 }).length / 1024, metafile }
}

const { bytes, kilobytes, metafile } = await bundle("export * from './src/index.ts'")
const [{ inputs }] = Object.values(metafile.outputs)
const rest = new Map(Object.entries(inputs))
for (const [name, pattern] of parts) {
  const own = [...rest].filter(([path]) => pattern.test(path))
  own.forEach(([path]) => rest.delete(path))
  const share = own.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0) / bytes
  console.log(`  ${name.padEnd(32)} ${(share * kilobytes).toFixed(2)} KB`)
}
console.log(`core: ${kilobytes.toFixed(2)} KB min + gzip, limit ${LIMIT} KB`)
process.exitCode = kilobytes <= LIMIT ? 0 : 1
