import { readFileSync, rmSync } from 'node:fs'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const readJSON = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const input = readJSON('scripts/package/entries.json')
const { dependencies, peerDependencies } = readJSON('package.json')
const external = [/^node:/, ...Object.keys({ ...dependencies, ...peerDependencies }).map((name) => new RegExp(`^${name}(/|$)`))]

// Chunks carry a hash in their names: those of an earlier build would be packed with the present ones.
rmSync('dist', { recursive: true, force: true })

const output = (format, extension) => ({
  dir: 'dist',
  format,
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name]-[hash].${extension}`,
})

export default [
  {
    input,
    external,
    plugins: [esbuild({ target: 'es2022' })],
    output: [
      { ...output('es', 'js'), sourcemap: true },
      { ...output('cjs', 'cjs'), sourcemap: true, interop: 'auto' },
    ],
  },
  { input, external, plugins: [dts()], output: [output('es', 'd.ts'), output('es', 'd.cts')] },
]
