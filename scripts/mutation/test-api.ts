// The names that test files use, in place of jest's: they declare tests, which `test-run.ts` runs.
import { ModernFakeTimers } from '@jest/fake-timers'
import { bind } from 'jest-each'
import { ModuleMocker } from 'jest-mock'

export { expect } from 'expect'

type Work = () => unknown
export const hookNames = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'] as const
type HookName = (typeof hookNames)[number]

export interface Test {
  /** The file and the number of the test in it: titles need not be unique. */
  readonly id: string
  readonly title: string
  readonly work: Work
}
export interface Suite {
  readonly title: string
  readonly hooks: Record<HookName, Work[]>
  readonly children: (Suite | Test)[]
}

const newSuite = (title: string): Suite => ({
  title,
  hooks: { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] },
  children: [],
})

let present = newSuite('')
let file = ''
let count = 0

/** Loads a test file and answers with what it declares. */
export async function declared(name: string, load: () => Promise<unknown>): Promise<Suite> {
  present = newSuite(name)
  file = name
  count = 0
  await load()
  return present
}

function declareSuite(title: string, body: Work): void {
  const outer = present
  present = newSuite(title)
  outer.children.push(present)
  body()
  present = outer
}

function declareTest(title: string, work: Work): void {
  present.children.push({ id: `${file}:${count++}`, title, work })
}

export const describe = Object.assign(declareSuite, { each: bind(declareSuite, false) })
const declare = Object.assign(declareTest, { each: bind(declareTest, false) })
export const it = Object.assign(declare, { concurrent: declare })
export const test = it

const hook =
  (name: HookName) =>
  (work: Work): void =>
    void present.hooks[name].push(work)
export const beforeAll = hook('beforeAll')
export const beforeEach = hook('beforeEach')
export const afterEach = hook('afterEach')
export const afterAll = hook('afterAll')

const mocker = new ModuleMocker(globalThis)
const timers = new ModernFakeTimers({
  global: globalThis,
  config: { fakeTimers: {}, rootDir: process.cwd() } as ConstructorParameters<typeof ModernFakeTimers>[0]['config'],
})
export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks: () => mocker.restoreAllMocks(),
  useFakeTimers: () => timers.useFakeTimers(),
  useRealTimers: () => timers.useRealTimers(),
  setSystemTime: timers.setSystemTime.bind(timers),
  getTimerCount: () => timers.getTimerCount(),
  advanceTimersByTime: timers.advanceTimersByTime.bind(timers),
  advanceTimersByTimeAsync: timers.advanceTimersByTimeAsync.bind(timers),
}
