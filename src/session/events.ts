import { requireFunction } from '../check-options.js'
import { runOutsideContext } from './async-context.js'
import type { OAuthError } from '../errors.js'
import type { RefreshReason } from '../types.js'

/** Why the session ended. */
export type SignOutReason =
  /** The application called `signOut()`. */
  | 'requested'
  /** The token endpoint refused the refresh token for good, or the refresh function resolved with `null`. */
  | 'invalid_grant'
  /** Another tab, process or machine signed out. */
  | 'elsewhere'

/** A request without its secrets: the URL has no query, fragment or user information. */
export interface RequestSummary {
  readonly method: string
  readonly url: string
}

/** The members of every event of one request. */
export interface RequestEvent extends RequestSummary {
  /** Shared by all events of one request. */
  readonly requestId: number
}

/** The members of every event of one refresh. */
export interface RefreshEvent {
  /** Shared by all events of one refresh. */
  readonly refreshId: number
  /** The reason for the refresh. `step_up`: the step-up handler has already provided the token. */
  readonly reason: RefreshReason | 'step_up'
  /** The request that started the refresh. Missing when the application started it. */
  readonly startedBy?: RequestSummary
}

/** The members of the events that end a refresh. Times are milliseconds. */
export interface RefreshEnd extends RefreshEvent {
  readonly duration: number
  /** The wait for the lock of a shared store. Missing where there is none. */
  readonly lockWait?: number
  /** How often the refresh function was called. */
  readonly attempts: number
  /** How many requests waited. */
  readonly waiting: number
}

/** The events of a session. None carries a token. */
export interface SessionEvents {
  /** A refresh begins: the refresh function is called, unless another session that shares the store has already refreshed. */
  refresh_started: RefreshEvent
  /** A new token set was received and adopted. */
  refreshed: RefreshEnd & { readonly generation: number; readonly expiresAt: number | undefined }
  /** A refresh failed. `status` and `oauthError`: of the token endpoint's answer (RFC 6749 §5.2). */
  refresh_failed: RefreshEnd & { readonly error: OAuthError; readonly status?: number; readonly oauthError?: string }
  /** The session adopted a token set that another session stored. `refreshId`: the refresh that found the set. */
  adopted: { readonly generation: number; readonly refreshId?: number }
  /** A token set was stored. */
  saved: { readonly generation: number }
  /** A token set could not be stored and is kept in memory only. */
  unpersisted: { readonly error: OAuthError }
  /** `signIn()` was called. */
  signed_in: { readonly generation: number }
  /** The session ended. */
  signed_out: { readonly reason: SignOutReason }
  /** Another user signed in, here or elsewhere. Clear data that was cached for the previous user. */
  user_changed: { readonly generation: number }
  /** Tokens could not be revoked at the server (RFC 7009). */
  revocation_failed: { readonly error: OAuthError }
  /** A request is sent with a token for the first time. */
  sent: RequestEvent
  /** A request waits for a token (`token`), or for the refresh after its 401 (`rejected`). */
  queued: RequestEvent & { readonly because: 'token' | 'rejected' }
  /** A request stops waiting, after `waited` milliseconds. */
  released: RequestEvent & {
    readonly waited: number
    /** `none`: sent without a token. `failed`, `rejected`: no newer token. `interrupted`: aborted or timed out. */
    readonly outcome: 'token' | 'none' | 'failed' | 'rejected' | 'interrupted'
  }
  /** A request is sent for the second time. */
  resent: RequestEvent
}

/** The members of every event. */
export interface EventStamp<Name extends keyof SessionEvents = keyof SessionEvents> {
  readonly type: Name
  /** Epoch milliseconds. */
  readonly at: number
  /** The session's option `name`. Missing when the session has no name. */
  readonly session?: string
}

/** Any event, discriminated by `type`: the argument of a listener of `*`. */
export type AnySessionEvent = { [Name in keyof SessionEvents]: EventStamp<Name> & SessionEvents[Name] }[keyof SessionEvents]

export type SessionEventName = keyof SessionEvents

/** A listener of one event, or of all events (`*`). */
export type SessionListener<Name extends SessionEventName | '*'> = (
  event: Name extends SessionEventName ? EventStamp<Name> & SessionEvents[Name] : AnySessionEvent,
) => void

/** An event by name and content. */
export type EventCall = { [Name in SessionEventName]: readonly [Name, SessionEvents[Name]] }[SessionEventName]

const ignore = (): void => undefined

/** Calls every function. One that throws or rejects does not stop the others. */
export function callEach<Argument>(listeners: Iterable<(argument: Argument) => unknown>, argument: Argument): void {
  for (const listener of [...listeners]) {
    try {
      const result = listener(argument)
      if (result instanceof Promise) result.catch(ignore)
    } catch {
      // An error of a listener must not change the session.
    }
  }
}

const requestEvents: readonly string[] = ['sent', 'queued', 'released', 'resent', '*']

const otherEvents =
  'refresh_started refreshed refresh_failed adopted saved unpersisted signed_in signed_out user_changed revocation_failed'
const eventNames = [...requestEvents, ...otherEvents.split(' ')]

/** Listeners by event. If a listener makes a change, every listener gets its events after the present ones. */
export class Events {
  readonly #listeners = new Map<SessionEventName | '*', Set<(event: never) => unknown>>()
  readonly #stamp: () => Omit<EventStamp, 'type'>
  readonly #queue: (() => void)[] = []
  /** Listeners are running. */
  isDraining = false
  /** Notifications stay in the queue: a lock is held. */
  isHeld = false
  #requestCount = 0
  /** `true` while request events have a listener. Otherwise they are not created. */
  watchesRequests = false

  constructor(stamp: () => Omit<EventStamp, 'type'>) {
    this.#stamp = stamp
  }

  on<Name extends SessionEventName | '*'>(name: Name, listener: SessionListener<Name>): () => void {
    if (!eventNames.includes(name))
      throw new TypeError(`on: ${String(name)} is no event; the events are ${eventNames.join(', ')}`)
    requireFunction('on: listener', listener)
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // One wrapper for each registration: a function registered twice is called twice, and each undo removes one.
    const entry = (event: never): unknown => listener(event)
    listeners.add(entry)
    this.#update()
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name)
      this.#update()
    }
  }

  nextRequestId(): number {
    return ++this.#requestCount
  }

  emit<Name extends SessionEventName>(name: Name, event: SessionEvents[Name]): void {
    this.enqueueEvent(name, event)
    this.drain()
  }

  enqueueEvent<Name extends SessionEventName>(name: Name, event: SessionEvents[Name]): void {
    const stamped = { type: name, ...this.#stamp(), ...event }
    this.enqueue(() => {
      for (const listened of [name, '*'] as const)
        callEach((this.#listeners.get(listened) ?? []) as Iterable<(event: unknown) => void>, stamped)
    })
  }

  /** Queues a notification for the next `drain`. */
  enqueue(notify: () => void): void {
    this.#queue.push(notify)
  }

  /** Runs the queue, unless it is held or already running further up the stack. */
  drain(): void {
    if (this.isDraining || this.isHeld) return
    this.isDraining = true
    // When a refresh function signs in, requests by listeners must not count as the refresh function's own.
    runOutsideContext(() => {
      for (let notify = this.#queue.shift(); notify; notify = this.#queue.shift()) notify()
    })
    this.isDraining = false
  }

  #update(): void {
    this.watchesRequests = requestEvents.some((name) => this.#listeners.has(name as SessionEventName))
  }
}
