import { execFile } from 'node:child_process'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { entries, specifierOf } from '../../scripts/package/manifest.js'
import { packedDirectory } from '../helpers/packed.js'

/** The compilers of package.json, by their alias. */
export const compilers = ['typescript-5.0', 'typescript-5.4', 'typescript-5.9', 'typescript'] as const
export type Compiler = (typeof compilers)[number]

export interface Resolution {
  name: string
  options: Record<string, unknown>
  /** Of the `package.json` of the application. */
  type: 'module' | 'commonjs'
}
export const resolutions: readonly Resolution[] = [
  { name: 'bundler', type: 'module', options: { module: 'esnext', moduleResolution: 'bundler' } },
  { name: 'node16, ESM', type: 'module', options: { module: 'node16', moduleResolution: 'node16' } },
  { name: 'node16, CommonJS', type: 'commonjs', options: { module: 'node16', moduleResolution: 'node16' } },
  { name: 'node10, CommonJS', type: 'commonjs', options: { module: 'commonjs', moduleResolution: 'node10' } },
]

const common = {
  target: 'es2022',
  lib: ['es2022', 'dom'],
  types: ['node'],
  strict: true,
  jsx: 'react-jsx',
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  esModuleInterop: true,
  noEmit: true,
}

/** Imports every entry, so that each one's types are resolved and checked. */
const allEntries = Object.keys(entries)
  .map((entry, i) => `import * as entry${i} from '${specifierOf(entry)}'\nexport const used${i} = Object.keys(entry${i})`)
  .join('\n')

/** Compiles the fixtures as an application that has installed the packed package; resolves with what the compiler complains of. */
export async function compile(compiler: Compiler, { name, options, type }: Resolution): Promise<string> {
  const directory = join(packedDirectory, 'types', `${compiler} ${name}`.replace(/\W+/g, '-'))
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  await cp('__tests__/types/fixtures', directory, { recursive: true })
  await writeFile(join(directory, 'entries.ts'), allEntries)
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, type }))
  // TypeScript 6 asks for this where node10 is used.
  const deprecations = compiler === 'typescript' && options.moduleResolution === 'node10' ? { ignoreDeprecations: '6.0' } : {}
  const compilerOptions = { ...common, ...options, ...deprecations }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.tsx'] }))
  const program = join('node_modules', compiler, 'bin', 'tsc')
  return promisify(execFile)(process.execPath, [program, '-p', directory, '--pretty', 'false']).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  )
}
