import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const candidates = {
  index: 'src/index.ts',
  grants: 'src/grants/index.ts',
  'refresh-token': 'src/refresh-token.ts',
  'step-up': 'src/step-up.ts',
  'keep-alive': 'src/keep-alive.ts',
  shared: 'src/shared.ts',
  'map-tokens': 'src/map-tokens.ts',
  file: 'src/stores/file.ts',
  web: 'src/stores/web.ts',
  redis: 'src/stores/redis.ts',
  postgres: 'src/stores/postgres.ts',
  'store-contract': 'src/store-contract/index.ts',
}
const input = Object.fromEntries(Object.entries(candidates).filter(([, path]) => existsSync(path)))
const peers = [/^node:/, 'axios', 'write-file-atomic']
const external = [...peers, 'oauth4webapi']

/** Bundles oauth4webapi with its licence: it is ESM only, which Jest on Node 20 cannot require. */
function oauth4webapi() {
  const path = fileURLToPath(import.meta.resolve('oauth4webapi'))
  return {
    name: 'oauth4webapi',
    resolveId: (id) => (id === 'oauth4webapi' ? path : null),
    // Jest's jsdom has neither class: then loading must not fail, only what needs them.
    transform(code, id) {
      if (id !== path) return null
      const lazy = code
        .replace('const encoder = new TextEncoder()', 'const encoder = { encode: (text) => new TextEncoder().encode(text) }')
        .replace('const decoder = new TextDecoder()', 'const decoder = { decode: (bytes) => new TextDecoder().decode(bytes) }')
      if (/^const \w+ = new Text/m.test(lazy)) this.error('oauth4webapi makes its encoders in another way')
      return { code: lazy, map: null }
    },
    renderChunk(code, { modules }) {
      if (!(path in modules)) return null
      const licence = readFileSync(join(dirname(path), '..', 'LICENSE.md'), 'utf8').trim()
      return { code: `/*! Contains parts of oauth4webapi.\n\n${licence}\n*/\n${code}`, map: null }
    },
  }
}

export default [
  {
    input,
    external,
    plugins: [esbuild({ target: 'es2022' })],
    output: { dir: 'dist', format: 'es', entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js' },
  },
  {
    input,
    external: peers,
    plugins: [oauth4webapi(), esbuild({ target: 'es2022' })],
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'shared/[name]-[hash].cjs',
      interop: 'auto',
    },
  },
  {
    input,
    external,
    plugins: [dts()],
    output: [
      { dir: 'dist', format: 'es', entryFileNames: '[name].d.ts', chunkFileNames: 'shared/[name]-[hash].d.ts' },
      { dir: 'dist', format: 'es', entryFileNames: '[name].d.cts', chunkFileNames: 'shared/[name]-[hash].d.cts' },
    ],
  },
]
