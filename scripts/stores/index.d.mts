import type { TokenStore } from 'axios-attach-oauth'

export type StoreName = 'file' | 'redis' | 'ioredis' | 'postgres'

/** What a process gets to open the store with: JSON. */
export type Place = Record<string, unknown>

/** A store, and the end of its client. */
export interface Opened {
  store: TokenStore
  close(): unknown
}

export interface Room {
  place: Place
  /** What is stored, read past the store: the token set or `undefined`. Rejects when it isn't whole. */
  inspect(): Promise<{ access_token: string; refresh_token: string } | undefined>
  /** What tells one who holds the lock from another; `undefined` when it is free. */
  holder(): Promise<unknown>
  tearDown(): Promise<void>
  /** What lies there besides the token set, where that can be. */
  leftovers?(): Promise<string[]>
  /** The store's server, where it has one. */
  server?: {
    crash(): Promise<void>
    shutDown(): Promise<void>
    restart(): Promise<void>
    /** Loses everything, and goes on. */
    forget?(): Promise<unknown>
  }
  /** With `proxied`: the line by which `place` reaches the server, and the way past it. */
  line?: { hold(): void; goOn(): void; cut(): void }
  direct?: Place
}

export function storeModuleOf(name: StoreName): string
export function loadStore(name: StoreName): Promise<{
  setUp(options?: { lease?: number; proxied?: boolean }): Promise<Room>
  open(place: Place): Promise<Opened>
}>
