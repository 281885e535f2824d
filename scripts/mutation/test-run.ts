// A part of each program: runs its tests.
import { inspect } from 'node:util'
import type { Order, Stryker } from './exchange.js'
import { declared, type Suite, type Test } from './test-api.js'

// Tests replace these.
const { setTimeout: after, clearTimeout: clear } = globalThis
const now = performance.now.bind(performance)

type Works = readonly (() => unknown)[]

export interface Run {
  readonly failures: (readonly [test: string, error: string])[]
  readonly durations: Record<string, number>
}

export interface Watch {
  /** A test starts. */
  started(): void
  /** A test takes longer than it may. */
  late(test: string): void
}

const isTest = (child: Suite | Test): child is Test => 'work' in child

/** Stops after the first failure if there is a mutant: one is enough. */
class TestRun implements Run {
  readonly failures: (readonly [string, string])[] = []
  readonly durations: Record<string, number> = {}
  readonly #order: Order
  readonly #stryker: Stryker

  readonly #watch: Watch

  constructor(order: Order, stryker: Stryker, watch: Watch) {
    this.#order = order
    this.#watch = watch
    this.#stryker = stryker
  }

  get isOver(): boolean {
    return this.#order.mutant !== undefined && this.failures.length > 0
  }

  async #attempt(id: string, works: Works): Promise<void> {
    this.#stryker.currentTestId = id
    try {
      for (const work of works) await work()
    } catch (error) {
      this.failures.push([id, inspect(error)])
    }
  }

  #isWanted(child: Suite | Test): boolean {
    return isTest(child)
      ? !this.#order.tests || child.id in this.#order.tests
      : child.children.some((inner) => this.#isWanted(inner))
  }

  async #runTest({ id, work }: Test, suites: readonly Suite[]): Promise<void> {
    this.#watch.started()
    const start = now()
    const limit = this.#order.tests?.[id]
    const timer = limit === undefined ? undefined : after(() => this.#watch.late(id), limit).unref()
    await this.#attempt(id, [...suites.flatMap(({ hooks }) => hooks.beforeEach), work])
    for (const hook of [...suites].reverse().flatMap(({ hooks }) => hooks.afterEach)) await this.#attempt(id, [hook])
    clear(timer)
    this.durations[id] = now() - start
  }

  async runSuite(suite: Suite, file: string, outer: readonly Suite[] = []): Promise<void> {
    const suites = [...outer, suite]
    await this.#attempt(file, suite.hooks.beforeAll)
    for (const child of suite.children) {
      if (this.isOver) break
      if (!this.#isWanted(child)) continue
      if (isTest(child)) await this.#runTest(child, suites)
      else await this.runSuite(child, file, suites)
    }
    for (const hook of suite.hooks.afterAll) await this.#attempt(file, [hook])
  }
}

export interface TestFile {
  readonly load: () => Promise<unknown>
  /** Its tests run in a page. */
  readonly isPage: boolean
}

const storage = {
  getItem(this: Record<string, string>, key: string): string | null {
    return Object.hasOwn(this, key) ? this[key]! : null
  },
  setItem(this: Record<string, string>, key: string, value: string): void {
    this[key] = value
  },
  removeItem(this: Record<string, string>, key: string): void {
    Reflect.deleteProperty(this, key)
  },
  clear(this: Record<string, string>): void {
    for (const key of Object.keys(this)) Reflect.deleteProperty(this, key)
  },
}

/** Makes the part of a page that needs no DOM: tests that need more of it are left out. Returns the undo. */
function openPage(): () => void {
  const page = { document: {}, localStorage: Object.create(storage) as unknown }
  Object.assign(globalThis, page)
  return () => Object.keys(page).forEach((name) => Reflect.deleteProperty(globalThis, name))
}

/** Loads the sources, then each test file of which a test is wanted, and runs it. */
export async function run(
  order: Order,
  sources: readonly (() => Promise<unknown>)[],
  files: Record<string, TestFile>,
  watch: Watch,
): Promise<Run> {
  const stryker = ((globalThis as { __stryker__?: Stryker }).__stryker__ ??= {})
  const testRun = new TestRun(order, stryker, watch)
  for (const load of sources) await load()
  for (const [file, { load, isPage }] of Object.entries(files)) {
    if (testRun.isOver) break
    if (order.tests && !Object.keys(order.tests).some((id) => id.startsWith(`${file}:`))) continue
    stryker.currentTestId = file
    const leave = isPage ? openPage() : undefined
    await testRun.runSuite(await declared(file, load), file)
    leave?.()
  }
  return testRun
}
