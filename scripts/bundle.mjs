// Programs in TypeScript, made into something that Node runs.
import { build } from 'esbuild'

export async function bundle(entryPoint, outfile) {
  await build({
    entryPoints: [entryPoint],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
  })
}
