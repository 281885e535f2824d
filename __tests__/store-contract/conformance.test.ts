import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { recordStore, type Database } from '../../examples/own-store/record-store.js'
import { memoryStore, type TokenStore } from '../../src/index.js'
import { fileStore } from '../../src/stores/file.js'
import { storeContract, type StoreCase, type StoreContractOptions, type StoreNeed } from '../../src/store-contract/index.js'
import { rejection } from '../helpers/client.js'
import { brokenStore, mutations } from './mutations.js'
import { shareable } from '../helpers/session.js'
import { Place, referenceStore } from './reference-store.js'

/** Every promise that applies is a test; why others don't is held by one more. */
function conforms(options: StoreContractOptions, without: readonly StoreNeed[]): void {
  const cases = storeContract(options)
  const [applying, others] = [cases.filter(({ applies }) => applies), cases.filter(({ applies }) => !applies)]
  it.each(applying.map(({ name, run }) => [name, run]))('%s', (_name, run) => run())

  it('and what it lacks is listed', async () => {
    expect([...new Set(others.flatMap(({ missing }) => missing))].sort()).toEqual([...without].sort())
    for (const { name, missing } of others) expect(name).toContain(`does not apply, without ${missing.join(' and ')}`)
    await Promise.all(others.map(({ run }) => run()))
  })
}

describe('a store that can do everything', () => {
  let place: Place
  conforms(
    {
      open: () => referenceStore((place = new Place())),
      another: () => referenceStore(place),
      elsewhere: () => referenceStore(new Place()),
      corrupt: (garbage) => void (place.text = garbage),
      dieWithLock: () => place.die(),
      loseLock: () => place.lose(),
      timeout: 2000,
    },
    [],
  )
})

describe('memoryStore', () => {
  const lacks = ['lock', 'subscribe', 'compare'] as const
  conforms({ open: () => memoryStore(), elsewhere: () => memoryStore(), lacks }, [
    ...lacks,
    'atomic-compare',
    'another',
    'corrupt',
    'dieWithLock',
    'loseLock',
  ])
})

describe('fileStore', () => {
  let directory: string
  const path = (): string => join(directory, 'tokens.json')
  conforms(
    {
      async open() {
        directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-contract-'))
        return fileStore(path())
      },
      another: () => fileStore(path()),
      elsewhere: () => fileStore(join(directory, 'others.json')),
      close: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
      corrupt: (garbage) => writeFile(path(), garbage),
    },
    ['dieWithLock', 'loseLock'],
  )
})

describe('the store of twenty lines in docs/writing-a-store.md', () => {
  let database: Database
  conforms(
    {
      open: () => recordStore((database = { records: new Map(), turns: new Map() }), 'alice'),
      another: () => recordStore(database, 'alice'),
      elsewhere: () => recordStore(database, 'bob'),
      corrupt: (garbage) => void database.records.set('alice', garbage),
      lacks: ['subscribe'],
    },
    ['subscribe', 'dieWithLock', 'loseLock'],
  )
})

describe('a store that breaks a promise fails with an error that names it', () => {
  /** The options of a suite over stores that have the fault of one promise. */
  function broken(promise: string): StoreContractOptions {
    let first: Place
    let made = 0
    return {
      open: () => brokenStore(promise, (first = new Place()), (made = 0), first),
      another: () => brokenStore(promise, first, ++made, first),
      elsewhere: () => brokenStore(promise, new Place(), ++made, first),
      corrupt: (garbage) => void (first.text = garbage),
      dieWithLock: () => first.die(),
      loseLock: () => first.lose(),
      timeout: 1000,
    }
  }
  const promises = storeContract(broken('')).map(({ promise }) => promise)

  it('there is a broken store for each promise', () => {
    expect(Object.keys(mutations)).toEqual(promises)
  })

  const outcomes = new Map<string, string>()
  beforeAll(async () => {
    const run = async (promise: string): Promise<void> => {
      const broke = storeContract(broken(promise)).find((one) => one.promise === promise)
      const error = await broke!.run().catch((reason: unknown) => reason)
      outcomes.set(promise, error instanceof Error ? error.message : 'it passed')
    }
    // Many of them wait in vain: they do it side by side.
    await Promise.all(promises.map(run))
  })

  it.each(promises)('%s', (promise) => {
    expect(outcomes.get(promise)).toContain(`Broken promise: ${promise}. Seen of `)
    expect(outcomes.get(promise)).toContain(mutations[promise]!.seen)
  })
})

describe('the suite itself', () => {
  const suite = (options: Partial<StoreContractOptions>): readonly StoreCase[] =>
    storeContract({ open: () => referenceStore(new Place()), ...options })
  const caseOf = (promise: string, options: Partial<StoreContractOptions>): StoreCase =>
    suite(options).find((one) => one.promise.startsWith(promise))!

  it.each([
    ['lock', 'the lock admits one run at a time', 'it has a function lock'],
    ['subscribe', 'every listener', 'it has a function subscribe'],
    ['compare', 'mode replace of an empty place is refused', 'it refused to replace what it did not hold'],
  ] as const)('fails when a store that is said to lack %s has it', async (ability, promise, seen) => {
    const { applies, run } = caseOf(promise, { lacks: [ability] })
    expect(applies).toBe(false)
    expect((await rejection(run())).message).toContain(seen)
  })

  it.each([
    ['lock', 'the lock admits one run at a time'],
    ['subscribe', 'every listener'],
  ])('fails when a store has no %s and is not said to lack it', async (ability, promise) => {
    const open = (): TokenStore => shareable({ ...referenceStore(new Place()), [ability]: undefined } as never)
    const { message } = await rejection(caseOf(promise, { open, another: open }).run())
    expect(message).toContain(`the store has no function ${ability}; if it isn't meant to have one, pass lacks: ['${ability}']`)
  })

  it('names the promise also where the store fails, and keeps the cause', async () => {
    const failure = new Error('made-up trouble')
    const open = (): TokenStore => shareable({ ...referenceStore(new Place()), read: () => Promise.reject(failure) })
    expect(await rejection(caseOf('an empty place', { open }).run())).toMatchObject({
      message:
        'Broken promise: an empty place reads as undefined or null. Seen of reference: the store failed with Error: made-up trouble.',
      cause: failure,
    })
  })

  it('runs its cases one after the other, and closes after each, also after one that failed', async () => {
    const log: string[] = []
    const cases = suite({
      open: () => (log.push('open'), shareable({ ...referenceStore(new Place()), read: () => ({ access_token: 'made-up' }) })),
      close: () => void log.push('close'),
      timeout: 100,
    }).slice(0, 4)
    const outcomes = await Promise.allSettled(cases.map(({ run }) => run()))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(log).toEqual(['open', 'close', 'open', 'close', 'open', 'close', 'open', 'close'])
  })

  it.each([
    [{ open: undefined as never }, /open/],
    [{ another: 1 as never }, /another/],
    [{ lacks: 'lock' as never }, /lacks/],
    [{ lacks: ['locks' as never] }, /lacks knows lock, subscribe, compare, atomic-compare, and not locks/],
    [{ timeout: 0 }, /timeout/],
  ])('refuses wrong options with a TypeError that names them: %p', (options, message) => {
    expect(() => suite(options)).toThrow(TypeError)
    expect(() => suite(options)).toThrow(message)
  })

  it('works with another runner: the example under node --test', async () => {
    // The published package under its own name; the store of the example is compiled along.
    const outfile = join(process.cwd(), 'reports', 'programs', 'record-store.test.mjs')
    await build({
      entryPoints: [join(process.cwd(), 'examples/own-store/record-store.test.ts')],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      outfile,
    })
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', outfile], {
      // Or else the runner believes that it is part of another one.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    expect(stdout).toContain('ok 1 - reading and writing: the name, if there is one, is a text without a token')
    expect(stdout).toContain(`# pass ${suite({}).length}`)
    expect(stdout).toContain('# fail 0')
  })
})

describe('docs/writing-a-store.md', () => {
  it('quotes the examples as they are', async () => {
    const [page, store, tests] = await Promise.all(
      ['docs/writing-a-store.md', 'examples/own-store/record-store.ts', 'examples/own-store/record-store.test.ts'].map((path) =>
        readFile(path, 'utf8'),
      ),
    )
    expect(page).toContain(store!.slice(store!.indexOf('export function')))
    expect(page).toContain(tests!.slice(tests!.indexOf('import test')))
    const lines = store!.slice(store!.indexOf('export function')).trim().split('\n')
    expect(lines.length).toBeLessThanOrEqual(24)
  })

  it('names every option of the suite and every thing that a store may lack', async () => {
    const page = await readFile('docs/writing-a-store.md', 'utf8')
    const options = await readFile('src/store-contract/options.ts', 'utf8')
    const contract = options.slice(
      options.indexOf('export interface StoreContractOptions'),
      options.indexOf('export interface StoreCase'),
    )
    const names = [...contract.matchAll(/^ {2}(\w+)\??[(:]/gm)].map(([, name]) => name!)
    expect(names).toHaveLength(9)
    for (const name of [...names, 'lock', 'subscribe', 'compare', 'atomic-compare']) expect(page).toContain(`\`${name}\``)
  })
})
