/** Tests the promises of a token store with Node's own runner: `node --test`. With Jest, Vitest and Mocha only the first import differs. */
import test from 'node:test'
import { storeContract } from 'axios-attach-oauth/store-contract'
import { recordStore, type Database } from './record-store.js'

let database: Database

const cases = storeContract({
  open: () => recordStore((database = { records: new Map(), turns: new Map() }), 'alice'),
  another: () => recordStore(database, 'alice'),
  elsewhere: () => recordStore(database, 'bob'),
  corrupt: (garbage) => void database.records.set('alice', garbage),
  lacks: ['subscribe'],
})

for (const { name, run } of cases) test(name, run)
