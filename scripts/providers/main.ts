// npm run providers [-- --part name]: how the package gets on with the shapes in which public providers answer, over real HTTP. Fails when anything is wrong.
import { parseArgs } from 'node:util'
import { checkNames, tryCheck } from './checks.js'
import { ways } from './provider.js'
import { documented, others } from './tables.js'

const { values } = parseArgs({ options: { part: { type: 'string', default: '' } } })
const WIDTH = 52
const mistakes: string[] = []
let tried = 0
let byItself = 0
let count = 0

const tables = [...documented, ...others].filter(({ title }) => title.toLowerCase().includes(values.part.toLowerCase()))
for (const { title, providers } of tables) {
  console.log(`\n${title.padEnd(WIDTH)} ${checkNames.join(' | ')} | how`)
  for (const provider of providers) {
    const cells: string[] = []
    for (const name of checkNames) {
      const results = await Promise.all((provider.ways ?? ways).map((way) => tryCheck(name, provider, way)))
      const wrong = results.filter((mistake) => mistake !== undefined)
      tried += results.length
      mistakes.push(...wrong)
      cells.push((wrong.length === 0 ? 'ok' : 'WRONG').padEnd(name.length))
    }
    count++
    if (!provider.how) byItself++
    const viaOnly = provider.ways ? ` (${provider.ways.join(', ')})` : ''
    console.log(`${provider.name.slice(0, WIDTH).padEnd(WIDTH)} ${cells.join(' | ')} | ${provider.how ?? 'by itself'}${viaOnly}`)
  }
}

console.log(`\n${count} shapes, ${byItself} by itself, ${tried} checks, ${mistakes.length} wrong. Ways: ${ways.join(', ')}.`)
for (const mistake of mistakes) console.log(`WRONG ${mistake}`)
process.exitCode = mistakes.length > 0 ? 1 : 0
