import { readFile, readdir } from 'node:fs/promises'

const text = await readFile('ARCHITECTURE.md', 'utf8')
const tree = /## The source\n\n```\n(.*?)```/s.exec(text)![1]!

/** The files and folders that the tree names. */
function namedIn(lines: string): string[] {
  const folders: string[] = []
  return lines.split('\n').flatMap((line) => {
    const depth = (/^ */.exec(line)![0].length - 2) / 2
    const names = [...line.trim().matchAll(/(?:^|(?<=\.ts|\/) )([\w.-]+(?:\/|\.ts))/g)].map(([, name]) => name!)
    if (depth < 0 || names.length === 0) return []
    const paths = names.map((name) => [...folders.slice(0, depth), name].join(''))
    if (names[0]!.endsWith('/')) folders.splice(depth, Infinity, names[0]!)
    return paths
  })
}

const present = (await readdir('src', { recursive: true, withFileTypes: true })).map((entry) =>
  `${entry.parentPath}/${entry.name}${entry.isDirectory() ? '/' : ''}`.slice('src/'.length),
)

it('ARCHITECTURE.md names only files and folders that exist', () => {
  expect(namedIn(tree).filter((path) => !present.includes(path))).toEqual([])
})

it('ARCHITECTURE.md names each file of the core, and each other folder', () => {
  const named = namedIn(tree)
  const isNeeded = (path: string): boolean => !path.slice(0, -1).includes('/') || /^(axios|session|persistence)\//.test(path)
  expect(present.filter((path) => isNeeded(path) && !named.includes(path))).toEqual([])
})

it('ARCHITECTURE.md gives a line to each dependency', async () => {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const named = new Set([...text.matchAll(/`([@\w./-]+)`/g)].map(([, name]) => name))
  const needed = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
  expect(needed.filter((name) => !named.has(name))).toEqual([])
})

it('SECURITY.md names only tests that exist, one at least for each threat', async () => {
  const threats = (await readFile('SECURITY.md', 'utf8')).split('\n').filter((line) => /^\| (?!against|---)/.test(line))
  expect(threats.length).toBeGreaterThan(8)
  const tests = await readdir('__tests__', { recursive: true })
  for (const threat of threats) {
    const named = [...threat.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !tests.includes(name))).toEqual([])
  }
})
