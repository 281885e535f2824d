import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { gzipSync } from 'node:zlib'
import enhancedResolve from 'enhanced-resolve'
import { build } from 'esbuild'
import { browserFiles, entries, name, specifierOf, subpathsOf } from '../../scripts/package/manifest.js'
import { mistakesOf, readFiles } from '../../scripts/package/check-files.js'
import { installed, packedDirectory, tarball } from '../helpers/packed.js'

const { CachedInputFileSystem, ResolverFactory } = enhancedResolve
const run = promisify(execFile)
const program = (path: string): string => join(process.cwd(), 'node_modules', path)
const require = createRequire(import.meta.url)

describe('the packed package', () => {
  it('has nothing that publint objects to', async () => {
    const { stdout } = await run(process.execPath, [program('publint/src/cli.js'), '--strict', tarball])
    // Resolvers that read no `imports` read the field `browser`.
    expect(stripVTControlCharacters(stdout).match(/^\d+\. .*/gm)).toEqual([
      expect.stringContaining('pkg.browser with an object value'),
    ])
  })

  it('has types that resolve with node10, node16 (CommonJS and ESM) and bundler', async () => {
    const cli = program('@arethetypeswrong/cli/dist/index.js')
    const { stdout } = await run(process.execPath, [cli, tarball, '--profile', 'strict', '--format', 'json'])
    const { analysis } = JSON.parse(stdout) as {
      analysis: { problems: unknown[]; entrypoints: Record<string, { resolutions: Record<string, unknown> }> }
    }
    expect(analysis.problems).toEqual([])
    const specifiers = Object.keys(entries).map((entry) => (entry === 'index' ? '.' : `./${entry}`))
    expect(Object.keys(analysis.entrypoints)).toEqual(expect.arrayContaining(specifiers))
    for (const specifier of specifiers)
      expect(Object.keys(analysis.entrypoints[specifier]!.resolutions).sort()).toEqual([
        'bundler',
        'node10',
        'node16-cjs',
        'node16-esm',
      ])
  })

  it('holds code, types, source maps without absolute paths and documents, and nothing else', () => {
    expect(mistakesOf(readFiles(installed), entries, process.cwd())).toEqual([])
  })
})

describe('a bundler', () => {
  async function bundleOf(code: string, platform: 'browser' | 'node', minify = false): Promise<string> {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: packedDirectory },
      ...{ platform, minify, bundle: true, format: 'esm', target: 'es2022', write: false, tsconfigRaw: '{}' },
      external: ['axios', 'react'],
      logLevel: 'error',
    })
    return outputFiles[0]!.text
  }
  const bundle = (platform: 'browser' | 'node'): Promise<string> => bundleOf(`export { attachOAuth } from '${name}'`, platform)

  it('for browsers leaves out the code that concerns the proxies and redirects of Node', async () => {
    expect(await bundle('browser')).not.toContain('NODE_USE_ENV_PROXY')
    expect(await bundle('node')).toContain('NODE_USE_ENV_PROXY')
  })

  /** Strings that minifying keeps, one of each entry. */
  const traces = { react: 'OAuthProvider: session must be a session', 'sign-in': 'SIGN_IN_DENIED', devtools: 'oauth-devtools' }

  it.each(Object.entries(traces))('finds nothing of %s in an application that does not import it', async (entry, trace) => {
    const others = Object.keys(traces).filter((other) => other !== entry)
    const importing = (names: string[]): Promise<string> =>
      bundleOf(names.map((name, i) => `export * as e${i} from '${specifierOf(name)}'`).join('\n'), 'browser')
    expect(await importing(['index', 'web', 'grants', ...others])).not.toContain(trace)
    expect(await importing([entry])).toContain(trace)
  })

  const gzipped = async (code: string): Promise<number> => gzipSync(await bundleOf(code, 'browser', true), { level: 9 }).length

  it('adds at most 1 KB for react, without React', async () => {
    expect(await gzipped(`export * from '${specifierOf('react')}'`)).toBeLessThanOrEqual(1024)
  })

  it('adds at most 4.25 KB for sign-in to the part of oauth4webapi that it uses', async () => {
    const code = await readFile(join(installed, 'dist', 'sign-in.js'), 'utf8')
    const [, used] = /import \{([^}]*)\} from 'oauth4webapi'/.exec(code)!
    const [whole, library] = await Promise.all([
      gzipped(`export * from '${specifierOf('sign-in')}'`),
      gzipped(`export {${used}} from 'oauth4webapi'`),
    ])
    expect(whole - library).toBeLessThanOrEqual(4.25 * 1024)
  })

  it.each(Object.entries(browserFiles))('for browsers, such as webpack, replaces %s', (from, to) => {
    const fileSystem = new CachedInputFileSystem(fs, 1)
    const resolver = ResolverFactory.createResolver({ aliasFields: ['browser'], fileSystem, useSyncFileSystemCalls: true })
    expect(resolver.resolveSync({}, installed, from)).toBe(join(installed, to))
  })
})

describe('a resolver that does not read exports', () => {
  const request = (entry: string): string => (entry === 'index' ? name : `${name}/${entry}`)
  const basedir = packedDirectory

  it.each(Object.keys(entries))('of eslint-plugin-import finds %s', (entry) => {
    const resolve = require('resolve') as { sync(request: string, options: object): string }
    expect(resolve.sync(request(entry), { basedir })).toBe(join(installed, 'dist', `${entry}.cjs`))
  })

  it.each(Object.keys(entries))('of webpack 4 finds %s', (entry) => {
    const fileSystem = new CachedInputFileSystem(fs, 1)
    const webpack4 = {
      exportsFields: [],
      mainFields: ['browser', 'module', 'main'],
      extensions: ['.wasm', '.mjs', '.js', '.json'],
    }
    const resolver = ResolverFactory.createResolver({ ...webpack4, fileSystem, useSyncFileSystemCalls: true })
    expect(resolver.resolveSync({}, basedir, request(entry))).toBe(join(installed, 'dist', `${entry}.js`))
  })

  it.each(subpathsOf(entries))('of Metro before 0.79 finds the ES module of %s by the field react-native', async (entry) => {
    const stub = JSON.parse(await readFile(join(installed, entry, 'package.json'), 'utf8')) as Record<string, string>
    expect(join(installed, entry, stub['react-native']!)).toBe(join(installed, 'dist', `${entry}.js`))
  })
})

describe('in an empty project', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-package-'))
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'empty', private: true }))
    const options = { cwd: directory, shell: process.platform === 'win32' }
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball, 'axios@1.21.1'], options)
  }, 120_000)
  afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

  const body = `
const api = axios.create({ baseURL: 'https://api.example.com', adapter: async (config) => ({ data: config.headers.Authorization, status: 200, statusText: '', headers: {}, config }) })
const store = memoryStore({ access_token: 'made-up', expires_in: 60 })
const session = attachOAuth(api, store, { refresh: refreshToken({ tokenEndpoint: 'https://login.example.com/token', clientId: 'app' }) })
fileStore('tokens.json')
api.get('/', { oauth: undefined }).then(({ data }) => { console.log(data); session.detach() })
`
  const names = [
    ['axios', 'axios'],
    ['{ attachOAuth, memoryStore }', name],
    ['{ fileStore }', `${name}/file`],
    ['{ refreshToken }', `${name}/grants`],
  ] as const
  const imports = names.map(([what, from]) => `import ${what} from '${from}'`).join('\n')
  const requires = names.map(([what, from]) => `const ${what} = require('${from}')`).join('\n')

  it.each([
    ['ESM', 'use.mjs', imports],
    ['CommonJS', 'use.cjs', requires],
  ])('is used from an empty project by %s', async (_format, file, head) => {
    await writeFile(join(directory, file), head + body)
    expect((await run(process.execPath, ['--no-warnings', file], { cwd: directory })).stdout.trim()).toBe('Bearer made-up')
  })

  const optionalPeer = 'react'

  async function loadByImportAndRequire(entry: string): Promise<void> {
    const code = `const assert = require('node:assert'); const required = Object.keys(require('${specifierOf(entry)}')).filter((key) => key !== '__esModule').sort();
import('${specifierOf(entry)}').then((module) => assert.deepEqual(Object.keys(module).filter((key) => key !== 'default' && key !== 'module.exports').sort(), required))`
    await run(process.execPath, ['-e', code], { cwd: directory })
  }

  it.each(Object.keys(entries).filter((entry) => entry !== optionalPeer))(
    '%s is loaded by import and by require',
    loadByImportAndRequire,
  )

  it('npm installs no React, only react needs it, and its error names it; with React it is loaded by import and by require', async () => {
    const react = join(directory, 'node_modules', 'react')
    expect(fs.existsSync(react)).toBe(false)
    await expect(loadByImportAndRequire(optionalPeer)).rejects.toThrow(/Cannot find (module|package) 'react'/)
    await cp(join(process.cwd(), 'node_modules', 'react'), react, { recursive: true })
    await loadByImportAndRequire(optionalPeer)
  })
})
