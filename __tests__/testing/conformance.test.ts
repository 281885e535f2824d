import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordStore, type Database } from '../../examples/own-store/record-store.js'
import { memoryStore } from '../../src/index.js'
import { fileStore } from '../../src/stores/file.js'
import { storeContract } from '../../src/testing/index.js'
import { Place, referenceStore } from './reference-store.js'

describe('a store that can do everything', () => {
  let place: Place
  const cases = storeContract({
    open: () => referenceStore((place = new Place())),
    another: () => referenceStore(place),
    elsewhere: () => referenceStore(new Place()),
    corrupt: (garbage) => void (place.text = garbage),
    dieWithLock: () => place.die(),
    loseLock: () => place.lose(),
    timeout: 2000,
  })
  it.each(cases.map(({ name, run }) => [name, run]))('%s', (_name, run) => run())
})

describe('memoryStore', () => {
  const cases = storeContract({
    open: () => memoryStore(),
    elsewhere: () => memoryStore(),
    lacks: ['lock', 'subscribe', 'compare'],
  })
  it.each(cases.map(({ name, run }) => [name, run]))('%s', (_name, run) => run())
})

describe('fileStore', () => {
  let directory: string
  const path = (): string => join(directory, 'tokens.json')
  const cases = storeContract({
    async open() {
      directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-contract-'))
      return fileStore(path())
    },
    another: () => fileStore(path()),
    elsewhere: () => fileStore(join(directory, 'others.json')),
    close: () => rm(directory, { recursive: true, force: true }),
    corrupt: (garbage) => writeFile(path(), garbage),
    lacks: ['lock', 'subscribe', 'atomic-compare'],
  })
  it.each(cases.map(({ name, run }) => [name, run]))('%s', (_name, run) => run())
})

describe('the store of twenty lines in docs/writing-a-store.md', () => {
  let database: Database
  const cases = storeContract({
    open: () => recordStore((database = { records: new Map(), turns: new Map() }), 'alice'),
    another: () => recordStore(database, 'alice'),
    elsewhere: () => recordStore(database, 'bob'),
    corrupt: (garbage) => void database.records.set('alice', garbage),
    lacks: ['subscribe'],
  })
  it.each(cases.map(({ name, run }) => [name, run]))('%s', (_name, run) => run())
})
