import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { keepMultipart } from '../node-only.js'
import { isObject, isStream } from './is-stream.js'
import { requestOptions } from './request-options.js'

type BodyTransform = (this: InternalAxiosRequestConfig, data: unknown, headers: InternalAxiosRequestConfig['headers']) => unknown

/** The caller's body factory, if there is one. */
export function bodyFactory(config: AxiosRequestConfig): (() => unknown) | undefined {
  return requestOptions(config)?.body
}

/** Can the body be sent a second time, either unchanged or from a body factory? */
export function isReplayable(config: AxiosRequestConfig): boolean {
  return !isStream(config.data) || bodyFactory(config) !== undefined
}

/**
 * Calls the caller's body factory, if there is one, even for a request without a token. Throws a `TypeError` when the factory
 * returns a promise.
 */
export function createBody<Config extends AxiosRequestConfig>(config: Config): Config {
  const create = bodyFactory(config)
  if (!create) return config
  config.data = create()
  if (typeof (config.data as PromiseLike<unknown> | undefined)?.then === 'function')
    throw new TypeError('oauth.body must return the body itself, not a promise of it')
  return config
}

function copyForm(form: FormData): FormData {
  const copy = new FormData()
  // React Native's `FormData` has no iterator, so the form itself is sent.
  if (typeof form.forEach !== 'function') return form
  form.forEach((value, name) => copy.append(name, value))
  return copy
}

/** Copies what axios passes on as it is, so that changes made right after the call are not sent. */
export function copySearchParams(config: { data?: unknown; params?: unknown }): void {
  for (const name of ['data', 'params'] as const) {
    const given = config[name]
    if (!(given instanceof URLSearchParams)) continue
    const copy = new URLSearchParams(given)
    // React Native's constructor reads no `URLSearchParams`.
    if (String(copy) === String(given)) config[name] = copy
  }
}

/**
 * Copies bytes and forms, which the caller may change while the request waits. Any other body is already text, is immutable, or
 * is the caller's own object, which is not copied.
 */
function copyOf(data: unknown): unknown {
  if (data instanceof ArrayBuffer) return data.slice(0)
  // axios sends a Buffer as it is, but the whole underlying memory of any other view.
  if (data instanceof Uint8Array && isNodeBuffer(data)) return Uint8Array.prototype.slice.call(data)
  if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) {
    const View = data.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => unknown
    return new View(data.buffer.slice(0), data.byteOffset, (data as Partial<Uint8Array>).length ?? data.byteLength)
  }
  return data
}

const isNodeBuffer = (data: Uint8Array): boolean =>
  (data.constructor as { isBuffer?: (value: unknown) => boolean }).isBuffer?.(data) === true

/** Prepares the body, before axios serializes it, so that it can be sent a second time if possible. */
export function prepareBody(config: InternalAxiosRequestConfig): void {
  const { data } = createBody(config) as { data: unknown }
  if (!isObject(data)) return
  const copy = data instanceof FormData ? copyForm(data) : copyOf(data)
  if (copy !== data) config.data = copy
  keepMultipart(config)
}

/**
 * Serializes the body before the request waits for a token, so that changes made by the caller meanwhile are not sent. Each
 * transform runs once, with the arguments that axios passes; axios then finds a single transform, which returns the result. The
 * config's own transforms are restored afterwards.
 */
export function serializeBody(config: InternalAxiosRequestConfig): void {
  const { data, transformRequest } = config as InternalAxiosRequestConfig & { data: unknown }
  if (!isObject(data) || isStream(data) || !transformRequest) return
  const transforms = [transformRequest].flat() as BodyTransform[]
  const run = (context: InternalAxiosRequestConfig, body: unknown, from: InternalAxiosRequestConfig['headers']): unknown =>
    transforms.reduce((value, transform) => transform.call(context, value, from.normalize(false)), body)
  let serialized: { readonly body: unknown } | undefined = { body: run(config, data, config.headers) }
  const handOut: BodyTransform = function (body, from) {
    const ready = body === data ? serialized : undefined
    serialized = undefined
    this.transformRequest = transformRequest
    return ready ? ready.body : run(this, body, from)
  }
  config.transformRequest = [handOut] as never
}

/** Creates the body of the second send. */
export function renewBody(config: InternalAxiosRequestConfig): void {
  if (!bodyFactory(config) || !isStream(config.data)) return
  createBody(config)
  // The adapter wrote the length of the first body into this header.
  config.headers.delete('Content-Length')
}
