// docs/guarantees.md is a numbered list of promises, each of which names the tests that hold it. Fails when a promise or a part of one names no
// test, when a test that is named doesn't exist, and when the numbers have a gap, a duplicate or another order.
import { readFile, readdir } from 'node:fs/promises'

const files = (await readdir('__tests__', { recursive: true })).filter((name) => name.endsWith('.test.ts'))
const sources = await Promise.all(files.map((name) => readFile(`__tests__/${name}`, 'utf8')))
const tests = sources.join('\n').replaceAll("\\'", "'")
const lines = (await readFile('docs/guarantees.md', 'utf8')).split('\n')

const wrong = []
let section = 0
let promise = 0
let promises = 0

/** The line of a promise may leave it to its parts to name tests. */
const hasParts = (i) => lines[i + 1]?.startsWith('  - ')

for (const [i, line] of lines.entries()) {
  const [, heading] = /^## (\S+) /.exec(line) ?? []
  const [, number] = /^- (?:\*\*([\d.]+)\*\* )?/.exec(line) ?? []
  const isPromise = line.startsWith('- ')
  if (heading !== undefined) {
    promise = 0
    if (heading !== String(++section)) wrong.push(`section ${section} is missing: ${line}`)
  }
  if (isPromise) {
    promises++
    if (number !== `${section}.${++promise}`) wrong.push(`this should be ${section}.${promise}: ${line}`)
  }
  if (!isPromise && !line.startsWith('  - ')) continue
  const names = [...(line.split(' — ')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  if (names.length === 0 && !(isPromise && hasParts(i))) wrong.push(`no test: ${line}`)
  for (const name of names) if (!tests.includes(name)) wrong.push(`no such test: ${name}`)
}
if (promises === 0) wrong.push('there are no promises')
wrong.forEach((line) => console.error(line))
console.log(`${promises} promises in ${section} sections, ${wrong.length} mistakes`)
process.exitCode = wrong.length === 0 ? 0 : 1
