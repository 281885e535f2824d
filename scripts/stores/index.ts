// The stores that processes share: a module each, with the same members.
import type { SharedTokenStore } from 'axios-attach-oauth/shared'
import type { StoppableServer } from '../servers/redis.js'
import type { WholeTokens } from './tokens.js'

export type StoreName = 'file' | 'redis' | 'ioredis' | 'postgres'

/** What a process gets to open the store with: JSON. */
export type StoreAddress = Record<string, unknown>

/** A store, and the end of its client. */
export interface OpenedStore {
  store: SharedTokenStore
  close(): unknown
}

/** What the store of one run consists of besides the store. */
export interface StoreSetup {
  address: StoreAddress
  /** What is stored, read without the store: the token set or `undefined`. Rejects when it isn't whole. */
  inspect(): Promise<WholeTokens | undefined>
  /** Tells one holder of the lock from another; `undefined` when the lock is free. */
  holder(): Promise<unknown>
  tearDown(): Promise<void>
  /** Files beside the token set, where the store has files. */
  leftovers?(): Promise<string[]>
  /** The store's server, where it has one. */
  server?: StoppableServer & {
    /** Drops all data without a restart. */
    forget?(): Promise<unknown>
  }
  /** With `proxied`: the connection by which `address` reaches the server, and an address that bypasses it. */
  line?: { hold(): void; goOn(): void; cut(): void } | undefined
  direct?: StoreAddress
}

export interface SetUpOptions {
  /** How long a lock lasts without a sign of life, in milliseconds, where the store's lock is a lease. */
  lease?: number
  /** Processes reach the server through `line`, which can be made to stall. */
  proxied?: boolean
}

export interface StoreModule {
  setUp(options?: SetUpOptions): Promise<StoreSetup>
  open(address: StoreAddress): Promise<OpenedStore>
}

const modules: Record<StoreName, () => Promise<unknown>> = {
  file: () => import('./file.js'),
  redis: () => import('./redis.js'),
  ioredis: () => import('./ioredis.js'),
  postgres: () => import('./postgres.js'),
}

export const loadStore = async (name: StoreName): Promise<StoreModule> => (await modules[name]()) as StoreModule
