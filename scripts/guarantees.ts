// npm run guarantees: compares docs/guarantees.md, the promises for users, with __tests__/guarantees.json, the tests that fail when one is broken.
import { readFile, readdir } from 'node:fs/promises'

/** Titles of tests by the number of the promise. */
type Proofs = Record<string, string[]>

interface Promises {
  /** In their order in the document. */
  numbers: string[]
  mistakes: string[]
}

/** Reads the numbers, which must have no gap: sections 1, 2 …, promises 1.1, 1.2 …, and parts 1.1a, 1.1b … */
export function readPromises(markdown: string): Promises {
  const numbers: string[] = []
  const mistakes: string[] = []
  let [section, promise, part] = [undefined as number | undefined, 0, 0]
  for (const line of markdown.split('\n')) {
    const [, heading] = /^## (\d+) /.exec(line) ?? []
    const [, number] = /^ *- \*\*([\d.]+[a-z]?)\*\* /.exec(line) ?? []
    if (heading !== undefined) {
      // A first section 0 is as good as a first section 1.
      const expected = section === undefined ? Number(heading) % 2 : section + 1
      if (Number(heading) !== expected) mistakes.push(`this should be section ${expected}: ${line}`)
      ;[section, promise, part] = [expected, 0, 0]
    } else if (number !== undefined) {
      const isPart = line.startsWith('  ')
      if (!isPart) [promise, part] = [promise + 1, 0]
      const expected = `${section}.${promise}${isPart ? String.fromCharCode(97 + part++) : ''}`
      if (number !== expected) mistakes.push(`this should be ${expected}: ${line}`)
      numbers.push(number)
    } else if (/^ *- /.test(line)) mistakes.push(`no number: ${line}`)
  }
  if (numbers.length === 0) mistakes.push('there are no promises')
  return { numbers, mistakes }
}

const promiseOf = (number: string): string => number.replace(/[a-z]$/, '')

/** Compares both ways. `tests` and `quick` are the texts of all tests, and of those that `npm test` runs. */
export function compare({ numbers, mistakes }: Promises, proofs: Proofs, tests: string, quick: string): string[] {
  const found = [...mistakes]
  const hasParts = (number: string): boolean => numbers.some((other) => other !== number && promiseOf(other) === number)
  for (const number of numbers) if (!proofs[number]?.length && !hasParts(number)) found.push(`${number} names no test`)
  for (const [number, titles] of Object.entries(proofs)) {
    if (!numbers.includes(number)) found.push(`${number} is not a promise of docs/guarantees.md`)
    for (const title of titles) if (!tests.includes(title)) found.push(`${number}: no test is called "${title}"`)
  }
  for (const promise of new Set(numbers.map(promiseOf))) {
    const titles = Object.entries(proofs).flatMap(([number, names]) => (promiseOf(number) === promise ? names : []))
    if (titles.length > 0 && !titles.some((title) => quick.includes(title)))
      found.push(`${promise}: npm test runs none of its tests, only test:long or test:apps does`)
  }
  return found
}

async function main(): Promise<void> {
  // `x.cases.ts` holds tests that `x.test.ts` and `x.long.test.ts` share.
  const files = (await readdir('__tests__', { recursive: true })).filter((name) => /\.(test|cases)\.tsx?$/.test(name))
  const textOf = async (names: string[]): Promise<string> =>
    (await Promise.all(names.map((name) => readFile(`__tests__/${name}`, 'utf8')))).join('\n').replaceAll("\\'", "'")
  const promises = readPromises(await readFile('docs/guarantees.md', 'utf8'))
  const proofs = JSON.parse(await readFile('__tests__/guarantees.json', 'utf8')) as Proofs
  const quick = files.filter((name) => !/\.(long|apps)\.test\.tsx?$/.test(name))
  const mistakes = compare(promises, proofs, await textOf(files), await textOf(quick))
  mistakes.forEach((line) => console.error(line))
  console.log(`${promises.numbers.length} promises and parts, ${mistakes.length} mistakes`)
  process.exitCode = mistakes.length === 0 ? 0 : 1
}

if (process.argv[1]?.endsWith('guarantees.ts')) await main()
