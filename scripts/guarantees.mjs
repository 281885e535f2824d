// Each promise in docs/guarantees.md names the tests that hold it: fails when one has none, or names one that doesn't exist.
import { readFile, readdir } from 'node:fs/promises'

const tests = (await readdir('__tests__', { recursive: true })).filter((name) => name.endsWith('.test.ts'))
const text = (await Promise.all(tests.map((name) => readFile(`__tests__/${name}`, 'utf8')))).join('\n').replaceAll("\\'", "'")
const promises = (await readFile('docs/guarantees.md', 'utf8')).split('\n').filter((line) => line.startsWith('- '))

const wrong = promises.flatMap((line) => {
  const names = [...(line.split(' — ')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  return names.length === 0
    ? [`no test: ${line}`]
    : names.filter((name) => !text.includes(name)).map((name) => `no such test: ${name}`)
})
wrong.forEach((line) => console.error(line))
console.log(`${promises.length} promises, ${wrong.length} without a test`)
process.exitCode = wrong.length === 0 ? 0 : 1
