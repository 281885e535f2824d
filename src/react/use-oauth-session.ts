import { createContext, useContext, useRef, useSyncExternalStore } from 'react'
import type { SessionSnapshot } from '../session/snapshot.js'
import { serverSnapshot } from './server-snapshot.js'
import type { OAuthSessionState, ReactSession } from './session.js'

export const SessionContext = createContext<ReactSession | undefined>(undefined)

type Selector<Value> = (snapshot: SessionSnapshot) => Value

function withoutRefreshing({ refreshing: _, ...state }: SessionSnapshot): OAuthSessionState {
  return state
}

/** True for an array, and for an object of `{}` or without a prototype. The entries of a `Date`, a `Map` or a class don't show its value. */
function hasPlainEntries(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null
}

function isShallowEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || !hasPlainEntries(a)) return false
  // With the `length` of an array, which differs for arrays with holes.
  const names = Reflect.ownKeys(a)
  return (
    names.length === Reflect.ownKeys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && Object.is(Reflect.get(a, name), Reflect.get(b, name)))
  )
}

/**
 * Reads the session of `<OAuthProvider>` and renders again when it changes. Also loads the session.
 *
 * Without a selector it returns the snapshot without `refreshing`, so that a refresh does not render twice. A selector gets the whole snapshot; the component
 * renders again only if the selected value changes (compared by `Object.is`, plain objects and arrays one level deep; a `Date`, a `Map` or an instance of a
 * class only equals itself). A server, and the first render in the browser after it, get `status: 'unknown'`.
 *
 * Throws a `TypeError` without a provider and without a session.
 *
 * @example
 * const session = useOAuthSession()
 * if (session.status === 'signed_out') return <SignInPage reason={session.reason} />
 * const refreshing = useOAuthSession((snapshot) => snapshot.refreshing)
 */
export function useOAuthSession(): OAuthSessionState
export function useOAuthSession<Value>(selector: Selector<Value>): Value
/** Reads the given session, or the provider's if it is `undefined`. */
export function useOAuthSession<Value = OAuthSessionState>(session: ReactSession | undefined, selector?: Selector<Value>): Value
export function useOAuthSession(first?: ReactSession | Selector<unknown>, second?: Selector<unknown>): unknown {
  const provided = useContext(SessionContext)
  const [session, select = withoutRefreshing] = typeof first === 'function' ? [provided, first] : [first ?? provided, second]
  if (typeof session?.subscribe !== 'function')
    throw new TypeError('useOAuthSession: render it below <OAuthProvider session={session}>, or pass a session')

  const latest = useRef<{ readonly snapshot: SessionSnapshot; readonly select: unknown; readonly value: unknown }>(undefined)
  const read = (snapshot: SessionSnapshot): unknown => {
    const last = latest.current
    if (last?.snapshot === snapshot && last.select === select) return last.value
    let value: unknown = select(snapshot)
    if (last && isShallowEqual(last.value, value)) value = last.value
    latest.current = { snapshot, select, value }
    return value
  }
  return useSyncExternalStore(
    session.subscribe,
    () => read(session.getSnapshot()),
    () => read(serverSnapshot(session)),
  )
}
