// npm run providers [-- --part text] [--sdks]: how the package gets on with the shapes in which public providers answer, over real HTTP, and with identity
// SDKs from npm. Fails when anything is wrong.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkNames, tryCheck, waysFor } from './checks.js'
import { claimsChallenges } from './claims-challenges.js'
import { cookieSessions } from './cookie-sessions.js'
import { ways } from './provider.js'
import { runSDKs } from './run-sdks.js'
import { mistakesIn, type Shape, type ShapeTable } from './shape-table.js'
import { sdkOutcomes, sdkUsage } from './sdks/outcomes.js'
import { documented, others } from './tables.js'

const { values } = parseArgs({ options: { part: { type: 'string', default: '' }, sdks: { type: 'boolean', default: false } } })
const WIDTH = 52
const mistakes: string[] = []
let tried = 0
let byItself = 0
let count = 0

const isAsked = ({ title }: { title: string }): boolean => title.toLowerCase().includes(values.part.toLowerCase())
const tables = [...documented, ...others].filter(isAsked)
for (const { title, providers } of tables) {
  console.log(`\n${title.padEnd(WIDTH)} ${checkNames.join(' | ')} | how`)
  for (const provider of providers) {
    const cells: string[] = []
    for (const name of checkNames) {
      const results = await Promise.all(waysFor(name, provider).map((way) => tryCheck(name, provider, way)))
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

/** Shapes with checks of their own. */
async function printShapes<Row extends Shape, Way extends string>(table: ShapeTable<Row, Way>): Promise<void> {
  if (!isAsked(table)) return
  const names = Object.keys(table.checks)
  console.log(`\n${table.title.padEnd(WIDTH)} ${names.join(' | ')} | how`)
  for (const shape of table.shapes) {
    const cells: string[] = []
    for (const name of names) {
      const wrong = await mistakesIn(table, shape, name)
      tried += table.ways.length
      mistakes.push(...wrong)
      cells.push((wrong.length === 0 ? 'ok' : 'WRONG').padEnd(name.length))
    }
    count++
    if (!shape.how) byItself++
    console.log(
      `${shape.name.slice(0, WIDTH).padEnd(WIDTH)} ${cells.join(' | ')} | ${shape.how ?? 'by itself'} (${table.ways.join(', ')})`,
    )
  }
}
await printShapes(cookieSessions)
await printShapes(claimsChallenges)

if (values.sdks) {
  execFileSync(process.execPath, ['scripts/package/pack.js'], { stdio: 'inherit' })
  const results = await runSDKs(resolve('reports/package/package.tgz'))
  console.log('\nIdentity SDKs as the refresh function')
  for (const [name, expected] of Object.entries(sdkOutcomes)) {
    const [, ...outcome] = results.find((result) => result.startsWith(`${name} |`))?.split(' | ') ?? []
    const isRight = outcome.join(' | ') === expected
    tried++
    count++
    if (!isRight) mistakes.push(`${name}: ${outcome.join(' | ')}, expected ${expected}`)
    const how = sdkUsage[name.replace(/:.*/, '')]
    if (!how) byItself++
    console.log(`${name.padEnd(WIDTH)} ${isRight ? 'ok   ' : 'WRONG'} | ${expected} | ${how ?? 'by itself'}`)
  }
}

console.log(`\n${count} shapes, ${byItself} by itself, ${tried} checks, ${mistakes.length} wrong. Ways: ${ways.join(', ')}.`)
for (const mistake of mistakes) console.log(`WRONG ${mistake}`)
process.exitCode = mistakes.length > 0 ? 1 : 0
