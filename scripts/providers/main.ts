// npm run providers [-- --part text] [--sdks]: how the package gets on with the shapes in which public providers answer, over real HTTP, and with identity
// SDKs from npm. Fails when anything is wrong.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkNames, tryCheck, waysFor } from './checks.js'
import { ways } from './provider.js'
import { runSDKs } from './run-sdks.js'
import { sdkOutcomes, sdkUsage } from './sdks/outcomes.js'
import { documented, others } from './tables.js'

const { values } = parseArgs({ options: { part: { type: 'string', default: '' }, sdks: { type: 'boolean', default: false } } })
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
