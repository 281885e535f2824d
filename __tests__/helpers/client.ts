import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios'
import {
  attachOAuth,
  memoryStore,
  type AttachedSession,
  type AttachOptions,
  type TokenJSON,
  type TokenStore,
} from '../../src/index.js'
import type { World } from './world.js'

export interface Client {
  api: AxiosInstance
  session: AttachedSession
  store: TokenStore
}

/** An instance for the world's API, attached with the world's first token set. */
export function attach(
  world: World,
  options: AttachOptions & { defaults?: CreateAxiosDefaults; tokens?: TokenJSON; store?: TokenStore } = {},
): Client {
  const { defaults, tokens = world.tokens, store = memoryStore(tokens), ...rest } = options
  const api = axios.create({ baseURL: world.api, ...defaults })
  return {
    api,
    store,
    session: attachOAuth(api, store, { refresh: Object.assign(world.refresh, { needsRefreshToken: true }), ...rest }),
  }
}

/** The same token set, with an expiry that has passed. */
export const expired = (world: World): TokenJSON => ({ ...world.tokens, expires_at: Math.floor(Date.now() / 1000) - 10 })

/** What a promise rejects with; fails when it resolves. */
export async function rejection<Failure = Error & Record<string, unknown>>(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise
  } catch (error) {
    return error as Failure
  }
  throw new Error('It resolved, and should have rejected')
}

/** A promise and the two ends of it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (reason: unknown) => void
}

export function deferred<Value = void>(): Deferred<Value> {
  let resolve!: (value: Value) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
