import type { AxiosError } from 'axios'
import { defineHidden, setCause } from '../errors.js'

/** A URL without the parts that may hold secrets. */
export function publicURL(url: string | undefined): string {
  return String(url ?? '')
    .replace(/[?#].*/s, '')
    .replace(/^([a-z][a-z\d+\-.]*:)?\/\/[^/]*@/i, '$1//')
}

/**
 * Keeps the access token of a failed request out of printed errors: `config`, `request` and `response` stay readable but are no
 * longer enumerable, and `cause` is reduced to its printable parts. axios' own `toJSON` would print the whole config.
 */
export function withoutSecrets<Failure extends AxiosError>(error: Failure): Failure {
  try {
    for (const name of ['config', 'request', 'response'] as const) if (name in error) defineHidden(error, name, error[name])
    if (error.cause !== undefined) setCause(error, error.cause)
    defineHidden(error, 'toJSON', () => {
      const { name, message, code, config, response } = error
      return { name, message, code, status: response?.status, method: config?.method, url: publicURL(config?.url) }
    })
  } catch {
    // A frozen error can't be changed.
  }
  return error
}
