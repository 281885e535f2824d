// A process that runs the tests of a program for one mutant after the other. The program is evaluated for each, as its modules have state.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { constants, Script } from 'node:vm'
import { inspect } from 'node:util'
import { HEARTBEAT, type Answer, type Order, type Outcome, type Stryker } from './exchange.js'
import type { Run, Watch } from './test-run.js'

interface Program {
  start(order: Order, watch: Watch): Promise<Run>
}

const path = resolve(process.argv[2]!)
const require = createRequire(path)
const script = new Script(`(function (require, module, exports, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`, {
  filename: path,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
})

function evaluate(): Program {
  const module = { exports: {} }
  const wrapper = script.runInThisContext() as (...args: unknown[]) => void
  wrapper(require, module, module.exports, path, process.cwd())
  return module.exports as Program
}

const now = performance.now.bind(performance)

/** What tests replace at times, and an aborted one leaves replaced. */
const objects = [console, Date, Promise, Math, JSON, URL, AbortSignal, Blob, Array.prototype, Object.prototype, process.env]
// Some globals are replaced when they are first read.
for (const name of Object.getOwnPropertyNames(globalThis)) void Reflect.get(globalThis, name)

function contentsOf(object: object): unknown[] {
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(object) as Record<string, PropertyDescriptor>)
  return descriptors.flatMap(([name, { value, get }]) => (/^__(stryker|mobx)/.test(name) ? [] : [name, value, get]))
}
const usual = [globalThis, ...objects].map(contentsOf)

/** The names of what is not as it was at the start. */
function changes(): unknown[] {
  return [globalThis, ...objects].flatMap((object, i) => {
    const contents = contentsOf(object)
    const before = usual[i]!
    if (contents.length !== before.length) return ['a property']
    return contents.flatMap((value, n) => (Object.is(value, before[n]) ? [] : [contents[n - (n % 3)]]))
  })
}

/** Ends the run that is under way early. */
let finish: (outcome: Outcome, reason: unknown) => void = () => undefined
process.on('uncaughtException', (error) => finish('crashed', error))
process.on('unhandledRejection', (reason) => finish('crashed', reason))
process.on('beforeExit', () => finish('drained', 'nothing is left to wait for'))

let sentAt = 0
function started(): void {
  const time = now()
  if (time - sentAt < 1000) return
  sentAt = time
  process.send!(HEARTBEAT)
}

/** Removes what the sources share with other copies of themselves: the code of an earlier run would hide a mutant. */
function forgetCopies(): void {
  for (const key of Object.getOwnPropertySymbols(globalThis))
    if (Symbol.keyFor(key)?.startsWith('axios-attach-oauth.')) Reflect.deleteProperty(globalThis, key)
}

async function perform(order: Order): Promise<void> {
  const { mutant, hitLimit } = order
  const stryker: Stryker = { activeMutant: mutant, ...(hitLimit !== undefined && { hitCount: 0, hitLimit }) }
  Object.assign(globalThis, { __stryker__: stryker })
  const ended = new Promise<Omit<Answer, 'isClean'>>((done) => {
    finish = (outcome, reason) =>
      done({ outcome, failures: [[stryker.currentTestId ?? '', inspect(reason)]], coverage: undefined })
    const succeed = ({ failures, durations }: Run): void =>
      done({
        outcome: failures.length > 0 ? 'failed' : 'passed',
        failures,
        coverage: mutant === undefined ? { static: {}, perTest: {}, ...stryker.mutantCoverage, durations } : undefined,
      })
    process.channel!.unref()
    forgetCopies()
    evaluate()
      .start(order, { started, late: (test) => finish('late', `${test} takes too long`) })
      .then(succeed, (error: unknown) => finish('failed', error))
  })
  const answer = await ended
  process.channel!.ref()
  finish = () => undefined
  // Two turns for what is closing.
  for (let i = 0; i < 2; i++) await new Promise(setImmediate)
  const left = [...process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap'), ...changes()]
  if (process.env.MUTATION_DEBUG) console.error(mutant, answer.outcome, answer.failures[0]?.[0], left)
  process.send!({ ...answer, isClean: !['crashed', 'late'].includes(answer.outcome) && left.length === 0 } satisfies Answer)
}

process.on('message', (order: Order) => void perform(order))
