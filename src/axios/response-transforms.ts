import axios, { type AxiosResponse, type AxiosResponseHeaders, type InternalAxiosRequestConfig } from 'axios'
import { onlyTransform } from './before-adapter.js'
import { isObject } from './is-stream.js'

type Transforms = InternalAxiosRequestConfig['transformResponse']

/** A config while its request is under way: newer releases of axios put the response there during the transforms. */
interface Sending extends InternalAxiosRequestConfig {
  response?: AxiosResponse
}

/** axios' own transform, which throws only if `silentJSONParsing` is off. */
const axiosTransform = onlyTransform(axios.defaults.transformResponse)

/** The responses whose transforms threw, by the error; `undefined` for an error that two responses share. */
const failures = new WeakMap<object, AxiosResponse | undefined>()

/** Runs the response transforms of a config. */
export function transformBody(
  config: InternalAxiosRequestConfig,
  data: unknown,
  headers: AxiosResponseHeaders,
  status: number,
): unknown {
  return [config.transformResponse ?? []].flat().reduce((body, step) => step.call(config, body, headers, status), data)
}

/**
 * Keeps the response for which a response transform throws: axios rejects with the error alone, although the response may refuse
 * the token. The config gets its own transforms back when they run.
 */
export function guardTransforms(config: InternalAxiosRequestConfig): void {
  const { transformResponse: present } = config
  if (onlyTransform(present) === axiosTransform && config.transitional?.silentJSONParsing !== false) return
  const given = (present as { given?: Transforms } | undefined)?.given ?? present
  const guard = function (this: Sending, data: unknown, headers: AxiosResponseHeaders, status: number): unknown {
    this.transformResponse = given as never
    try {
      return transformBody(this, data, headers, status)
    } catch (error) {
      const response = this.response ?? { data, status, statusText: '', headers, config: this }
      if (isObject(error)) failures.set(error, failures.has(error) ? undefined : response)
      throw error
    }
  }
  config.transformResponse = Object.assign(guard, { given }) as never
}

/** The response that an error is about. */
export function responseOf(error: unknown): AxiosResponse | undefined {
  if (!isObject(error)) return undefined
  const response = failures.get(error)
  if (response) failures.delete(error)
  return response ?? (error.response as AxiosResponse | undefined)
}
