import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const readJSON = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const input = readJSON('scripts/package/entries.json')
const { dependencies, peerDependencies } = readJSON('package.json')
const isOf = (name) => new RegExp(`^${name}(/|$)`)
const peers = [/^node:/, ...Object.keys(peerDependencies).map(isOf)]
const external = [...peers, ...Object.keys(dependencies).map(isOf)]

// Chunks carry a hash in their names: those of an earlier build would be packed with the present ones.
rmSync('dist', { recursive: true, force: true })

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
      return { code: lazy, map: { mappings: '' } }
    },
    renderChunk(code, { modules }) {
      if (!(path in modules)) return null
      const licence = readFileSync(join(dirname(path), '..', 'LICENSE.md'), 'utf8').trim()
      return { code: `/*! Contains parts of oauth4webapi.\n\n${licence}\n*/\n${code}`, map: { mappings: '' } }
    },
  }
}

const output = (format, extension) => ({
  dir: 'dist',
  format,
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name]-[hash].${extension}`,
})

/** Leaves the code for Node in a file of its own, which the field `browser` of package.json replaces. */
const nodeOnly = (extension) => ({
  name: 'node-only',
  resolveId: (id) =>
    id.endsWith('/node-only.js') ? { id: join(import.meta.dirname, `src/node-only.${extension}`), external: true } : null,
})
const nodeOnlyInput = { 'node-only': 'src/node-only.ts', 'node-only.browser': 'src/node-only.browser.ts' }

// Frameworks that render on a server look for the directive in the first line of the entry.
const banner = ({ name, isEntry }) => (isEntry && name === 'react' ? "'use client';" : '')

export default [
  {
    input,
    external,
    plugins: [nodeOnly('js'), esbuild({ target: 'es2022' })],
    output: { ...output('es', 'js'), sourcemap: true, banner },
  },
  {
    input,
    external: peers,
    plugins: [nodeOnly('cjs'), oauth4webapi(), esbuild({ target: 'es2022' })],
    output: { ...output('cjs', 'cjs'), sourcemap: true, interop: 'auto', banner },
  },
  ...Object.entries(nodeOnlyInput).map(([name, source]) => ({
    input: { [name]: source },
    external,
    plugins: [esbuild({ target: 'es2022' })],
    output: [output('es', 'js'), { ...output('cjs', 'cjs'), interop: 'auto' }].map((format) => ({ ...format, sourcemap: true })),
  })),
  { input, external, plugins: [dts()], output: [output('es', 'd.ts'), output('es', 'd.cts')] },
]
