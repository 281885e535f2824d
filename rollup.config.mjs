import { existsSync } from 'node:fs'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const candidates = {
  index: 'src/index.ts',
  grants: 'src/grants/index.ts',
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
const external = [/^node:/, 'axios', 'oauth4webapi', 'write-file-atomic']

export default [
  {
    input,
    external,
    plugins: [esbuild({ target: 'es2022' })],
    output: [
      { dir: 'dist', format: 'es', entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js' },
      { dir: 'dist', format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'shared/[name]-[hash].cjs', interop: 'auto' },
    ],
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
