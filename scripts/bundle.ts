// Programs in TypeScript, made into something that Node runs without a loader.
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Makes one file of a program. Packages stay outside, this one too: the program uses what was built, as an application does. */
export async function bundle(entryPoint: string, outfile: string): Promise<void> {
  await mkdir(dirname(outfile), { recursive: true })
  // Renamed when complete: another process may be starting the same program.
  const unfinished = `${outfile}.${process.pid}`
  try {
    await build({
      entryPoints: [entryPoint],
      bundle: true,
      packages: 'external',
      // The paths of tsconfig.json would lead to the sources of the package.
      tsconfigRaw: '{}',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      outfile: unfinished,
    })
    await rename(unfinished, outfile)
  } finally {
    await rm(unfinished, { force: true })
  }
}

const bundled = new Map<string, Promise<string>>()

/** The path of a program under `scripts`, bundled once in this process for children that must start fast. */
export function programOf(path: string): Promise<string> {
  const make = async (): Promise<string> => {
    const outfile = join(root, 'reports/programs', `${dirname(path).replaceAll('/', '-')}-${basename(path, '.ts')}.mjs`)
    await bundle(join(root, 'scripts', path), outfile)
    return outfile
  }
  const known = bundled.get(path) ?? make()
  bundled.set(path, known)
  return known
}
