// npm run size: the bytes that the package adds to an application's bundle, minified and gzipped, without axios. Fails above a limit.
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { bundleForBrowsers, use } from './package/browser-bundle.js'

const core = use('index', 'attachOAuth', 'memoryStore')

/** What an application imports, and the limit in KB (1,024 bytes). */
const bundles = [
  { name: 'attachOAuth + memoryStore', code: core, limit: 31.25 },
  { name: '+ webStore', code: [core, use('web', 'webStore')].join('\n'), limit: 35.75 },
  { name: '+ refreshToken', code: [core, use('grants', 'refreshToken')].join('\n'), limit: 41.5 },
]

async function bundle(code: string, plugins: Plugin[] = []): Promise<{ bytes: number; modules: string[] }> {
  const { bytes, metafile } = await bundleForBrowsers(code, plugins)
  const [output] = Object.values(metafile.outputs)
  const modules = Object.entries(output?.inputs ?? {}).filter(
    ([path, { bytesInOutput }]) => bytesInOutput > 0 && path.startsWith('src/'),
  )
  return { bytes, modules: modules.map(([path]) => path) }
}

/** Replaces a module by one with the same imports and exports and nothing else, so that only its own code is missing. */
function without(module: string): Plugin {
  return {
    name: 'without',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (relative('.', path).replaceAll('\\', '/') !== module) return undefined
        const text = await readFile(path, 'utf8')
        const exported = [...text.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)].map(([, name]) => name)
        const imports = [...text.matchAll(/^import (?!type)(?:(\w+)(?:, )?)?(?:\{([^}]*)\})? ?from '[^']+'/gm)]
        const used = imports.flatMap(([, whole = '', names = '']) =>
          [whole, ...names.split(',').filter((name) => !name.includes('type '))].map((name) => name.trim().split(' as ').at(-1)),
        )
        const reexports = [...text.matchAll(/^export (?!type)\{[^}]*\} from '[^']+'/gm)]
        const contents = [
          ...[...imports, ...reexports].map(([statement]) => statement),
          ...exported.map((name) => `export var ${name} = globalThis.stub`),
          `globalThis.used = [${used.filter(Boolean).join()}]`,
        ]
        return { contents: contents.join('\n'), loader: 'ts' }
      })
    },
  }
}

const KB = (bytes: number): string => (bytes / 1024).toFixed(2)
let failed = false

const { bytes: whole, modules } = await bundle(core)
const marginal = await Promise.all(
  modules.map(async (module) => ({ module, bytes: whole - (await bundle(core, [without(module)])).bytes })),
)
console.log('Marginal bytes of each module of the core:')
for (const { module, bytes } of marginal.toSorted((a, b) => b.bytes - a.bytes))
  console.log(`  ${module.padEnd(40)} ${String(bytes).padStart(6)}`)

console.log('\nMinified and gzipped, axios left out:')
for (const { name, code, limit } of bundles) {
  const { bytes } = await bundle(code)
  const isTooBig = bytes > limit * 1024
  failed ||= isTooBig
  console.log(
    `  ${name.padEnd(28)} ${bytes.toLocaleString('en').padStart(7)} B  ${KB(bytes).padStart(6)} KB  limit ${limit} KB${isTooBig ? '  TOO BIG' : ''}`,
  )
}
process.exitCode = failed ? 1 : 0
