import { Axios, type InternalAxiosRequestConfig, type ParamsSerializerOptions } from 'axios'
import { isObject } from './is-stream.js'

type Serialize = NonNullable<ParamsSerializerOptions['serialize']>

/** The state of a serializer made by `memoizeParams`. */
interface Memo {
  /** The options of the caller. */
  readonly given: ParamsSerializerOptions
  text?: string
  /** The next call returns `text`: the request is sent again, or its parameters were serialized before the wait. */
  isReady?: boolean
}

const memos = new WeakMap<Serialize, Memo>()

/** Serializes as the adapter would, through `getUri` of an instance without defaults, because axios does not export its serializer. */
function serialize({ serialize: own, ...rest }: ParamsSerializerOptions, params: Record<string, unknown>): string {
  if (own) return own(params, { serialize: own, ...rest })
  return new Axios({}).getUri({ url: '', params, paramsSerializer: rest }).replace(/^\?/, '')
}

function isFlat(params: object): params is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(params)
  return (prototype === Object.prototype || prototype === null) && !Object.values(params).some(isObject)
}

const optionsOf = (config: InternalAxiosRequestConfig): ParamsSerializerOptions | undefined => {
  const given = config.paramsSerializer as ParamsSerializerOptions | Serialize | undefined
  return typeof given === 'function' ? { serialize: given } : given
}

const memoOf = (config: InternalAxiosRequestConfig): Memo | undefined => memos.get(optionsOf(config)?.serialize as Serialize)

/**
 * Keeps the parameters of the first send: the adapter serializes them for each send, the caller may change them while the request
 * waits, and the caller's own serializer must not run twice. `isWaiting`: the request is about to wait for a token, so they are
 * serialized now.
 */
export function memoizeParams(config: InternalAxiosRequestConfig, isWaiting = false): void {
  const { params } = config as { params?: unknown }
  if (!isObject(params)) return
  const options = optionsOf(config)
  // A copy of plain values is cheaper than a serializer, and as safe.
  if (!options && isFlat(params)) {
    config.params = { ...params }
    return
  }
  const earlier = memoOf(config)
  if (earlier?.isReady) return
  const given = earlier?.given ?? options ?? {}
  const memo: Memo = { given }
  if (isWaiting) {
    memo.text = serialize(given, params)
    memo.isReady = true
  }
  const memoized: Serialize = (present) => {
    if (!memo.isReady || memo.text === undefined) memo.text = serialize(given, present)
    memo.isReady = false
    return memo.text
  }
  memos.set(memoized, memo)
  config.paramsSerializer = { ...given, serialize: memoized }
}

/** Parameters in axios' own form, to notice a change. */
export function paramsText({ params }: InternalAxiosRequestConfig): unknown {
  return params && serialize({}, params as Record<string, unknown>)
}

/** Makes the adapter serialize the parameters again, because they have changed. */
export function forgetParams(config: InternalAxiosRequestConfig): void {
  const memo = memoOf(config)
  if (memo) config.paramsSerializer = memo.given
}

/**
 * Makes the adapter use the parameters serialized earlier, until the returned undo is called: the application may send the config
 * of a response again with other parameters, even with an instance that is not attached. `undefined` if there is nothing to undo.
 */
export function reuseParams(config: InternalAxiosRequestConfig): (() => void) | undefined {
  const memo = memoOf(config)
  if (!memo) return undefined
  memo.isReady = true
  return () => {
    memo.isReady = false
  }
}
