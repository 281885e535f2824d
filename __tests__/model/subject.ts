import { build, type Plugin } from 'esbuild'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { attachIn } from '../../src/axios/attach.js'
import { sharedStore } from '../../src/shared.js'

/** What the model is held against: the package, or a copy of it that was broken on purpose. */
export interface Subject {
  attachIn: typeof attachIn
  /** Brings its part of the session with it. */
  sharedStore: typeof sharedStore
}

export const real: Subject = { attachIn, sharedStore }

/** A place in the source and what is to stand there instead. */
export interface Breakage {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Bundles the package with one place of it changed. Fails when the place isn't there any more. */
export async function broken(name: string, { file, find, replace }: Breakage): Promise<Subject> {
  const path = join(process.cwd(), 'src', file)
  let places = 0
  const breaking: Plugin = {
    name: 'break',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async (source) => {
        const contents = await readFile(source.path, 'utf8')
        if (source.path !== path) return { contents, loader: 'ts' }
        places = contents.split(find).length - 1
        return { contents: contents.replace(find, () => replace), loader: 'ts' }
      })
    },
  }
  const { outputFiles } = await build({
    stdin: {
      contents: "export { attachIn } from './src/axios/attach.ts'\nexport { sharedStore } from './src/shared.ts'",
      resolveDir: process.cwd(),
    },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['axios'],
    write: false,
    plugins: [breaking],
  })
  if (places !== 1) throw new Error(`${places} places in ${file} read ${JSON.stringify(find)}: there should be one`)
  const directory = join(process.cwd(), 'reports/broken')
  await mkdir(directory, { recursive: true })
  const bundle = join(directory, `${name.replace(/\W+/g, '-')}.mjs`)
  await writeFile(bundle, outputFiles[0]!.contents)
  return (await import(pathToFileURL(bundle).href)) as Subject
}
