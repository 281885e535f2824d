import { obstacles } from '../../scripts/check-release.js'
import { compare, readPromises } from '../../scripts/guarantees.js'
import { mistakesOf } from '../../scripts/package/check-files.js'

describe('the check of the packed files', () => {
  const entries = { index: 'src/index.ts', file: 'src/stores/file.ts' }
  const code = ['index', 'file'].flatMap((entry) =>
    ['js', 'cjs', 'd.ts', 'd.cts'].map((extension) => `dist/${entry}.${extension}`),
  )
  const nodeOnly = ['js', 'cjs'].flatMap((extension) => [`dist/node-only.${extension}`, `dist/node-only.browser.${extension}`])
  const map = (...sources: string[]): string => JSON.stringify({ version: 3, sources })
  const good = new Map(
    [...code, ...nodeOnly, 'file/package.json', 'package.json', 'README.md', 'dist/shared/tokens-CAKQcjCi.js'].map((path) => [
      path,
      '',
    ]),
  ).set('dist/index.js.map', map('../src/index.ts'))
  const withFile = (path: string, text = ''): string[] => mistakesOf(new Map([...good, [path, text]]), entries, '/home/me')

  it('finds nothing wrong with code, types, source maps and folders of subpaths', () => {
    expect(mistakesOf(good, entries, '/home/me')).toEqual([])
  })

  it.each([
    'src/index.ts',
    '__tests__/fixtures/tokens.json',
    'dist/attach.test.js',
    'tsconfig.json',
    '.env',
    'dist/tokens.json',
    'dist/shared/old.js',
  ])('finds %s, which is not for users', (path) => {
    expect(withFile(path)).toEqual([`${path}: is not for users`])
  })

  it.each([
    ['an absolute path', map('/home/them/src/index.ts')],
    ['an absolute path of Windows', map('C:\\them\\src\\index.ts')],
    ['a file URL', map('file:///src/index.ts')],
    ['a path out of the sources', map('../../other/index.ts')],
    ['an absolute root', JSON.stringify({ sources: ['../src/index.ts'], sourceRoot: '/home/them' })],
  ])('finds a source map that leads to %s', (_what, text) => {
    expect(withFile('dist/file.js.map', text)).toEqual([expect.stringContaining('dist/file.js.map: leads to')])
  })

  it('finds a path of this machine in any file, and an entry without its code', () => {
    expect(withFile('dist/file.js', 'from /home/me/project')).toEqual(['dist/file.js: contains a path of this machine'])
    const missing = new Map([...good].filter(([path]) => path !== 'dist/file.d.cts'))
    expect(mistakesOf(missing, entries, '/home/me')).toEqual(['dist/file.d.cts: is missing'])
  })
})

describe('the check before a release', () => {
  const manifest = {
    version: '1.2.3',
    repository: { url: 'git+https://github.com/example/axios-attach-oauth.git' },
    homepage: 'https://github.com/example/axios-attach-oauth#readme',
    bugs: { url: 'https://github.com/example/axios-attach-oauth/issues' },
  }
  const changelog = '# Changelog\n\n## 1.2.3\n'

  it('lets a package with its links and its section in the changelog pass', () => {
    expect(obstacles(manifest, changelog)).toEqual([])
  })

  it.each(['repository', 'bugs'] as const)('refuses the placeholder in %s', (field) => {
    const placeholder = { [field]: { url: 'https://github.com/OWNER/axios-attach-oauth' } }
    expect(obstacles({ ...manifest, ...placeholder }, changelog)).toEqual([expect.stringContaining('placeholder OWNER')])
  })

  it('refuses the placeholder in a file that links to the repository', () => {
    const config = new Map([['config.yml', 'url: https://github.com/OWNER/axios-attach-oauth/security']])
    expect(obstacles(manifest, changelog, config)).toEqual(['config.yml: still names the placeholder OWNER'])
  })

  it('refuses a missing homepage, an install script, a private package and a version that is not in the changelog', () => {
    const { homepage: _, ...rest } = manifest
    const found = obstacles({ ...rest, private: true, version: '1.2.4', scripts: { postinstall: 'node x.js' } }, changelog)
    expect(found).toHaveLength(4)
  })
})

describe('the check of the guarantees', () => {
  const document = '## 1 Tokens\n\n- **1.1** One.\n  - **1.1a** Its part.\n- **1.2** Two.\n'
  const proofs = { '1.1a': ['is read'], '1.2': ['is written'] }
  const check = (text: string, of: Record<string, string[]>, quick = 'is read, is written'): string[] =>
    compare(readPromises(text), of, 'is read, is written', quick)

  it('finds nothing wrong where each promise or each of its parts names a test that exists', () => {
    expect(check(document, proofs)).toEqual([])
  })

  it.each([
    ['a promise without a test', document, { '1.1a': ['is read'] }, '1.2 names no test'],
    ['a test that does not exist', document, { ...proofs, '1.2': ['is lost'] }, '1.2: no test is called "is lost"'],
    ['a number without a promise', document, { ...proofs, '1.3': ['is read'] }, '1.3 is not a promise of docs/guarantees.md'],
    ['a gap in the numbers', document.replace('1.2', '1.3'), proofs, 'this should be 1.2: - **1.3** Two.'],
    ['a missing section', document.replace('## 1', '## 3'), proofs, 'this should be section 1: ## 3 Tokens'],
    ['a promise without a number', `${document}- Three.\n`, proofs, 'no number: - Three.'],
  ])('finds %s', (_what, text, of, mistake) => {
    expect(check(text, of)).toContain(mistake)
  })

  it('finds a promise that npm test does not touch', () => {
    expect(check(document, proofs, 'is read')).toEqual(['1.2: npm test runs none of its tests, only test:long or test:apps does'])
  })
})
