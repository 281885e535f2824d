import { readFile } from 'node:fs/promises'
import { entries, exportsOf, filesOf, stubOf, typesVersionsOf, withEntries, withPaths } from '../../scripts/package/manifest.js'

const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8')) as unknown

describe('the entries of the package', () => {
  it.each(Object.entries(entries))('%s has its source at %s', async (_entry, source) => {
    expect(await readFile(source, 'utf8')).not.toBe('')
  })

  it('stand in package.json and tsconfig.json as npm run entries writes them', async () => {
    const [manifest, tsconfig] = [await readFile('package.json', 'utf8'), await readFile('tsconfig.json', 'utf8')]
    expect(JSON.parse(withEntries(manifest, entries))).toEqual(await json('package.json'))
    expect(JSON.parse(withPaths(tsconfig, entries))).toEqual(await json('tsconfig.json'))
  })

  it('a new one is exported, has types for node10 and a folder for resolvers without exports', () => {
    const more = { index: 'src/index.ts', cookies: 'src/cookies.ts' }
    expect(exportsOf(more)).toMatchObject({
      './cookies': {
        import: { types: './dist/cookies.d.ts', default: './dist/cookies.js' },
        require: { types: './dist/cookies.d.cts', default: './dist/cookies.cjs' },
      },
    })
    expect(typesVersionsOf(more)).toEqual({ '*': { cookies: ['./dist/cookies.d.ts'] } })
    expect(filesOf(more)).toEqual(['dist', 'cookies', 'docs/errors.md', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    expect(stubOf('cookies')).toMatchObject({ main: '../dist/cookies.cjs', types: '../dist/cookies.d.ts' })
  })
})
