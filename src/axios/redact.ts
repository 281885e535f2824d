import type { AxiosError } from 'axios'

const inspect = Symbol.for('nodejs.util.inspect.custom')

/** A URL without what may be secret in it. */
export function publicURL(url: string | undefined): string {
  return String(url ?? '')
    .replace(/[?#].*/s, '')
    .replace(/^([a-z][a-z\d+\-.]*:)?\/\/[^/]*@/i, '$1//')
}

/** What of an error may be written down. */
function describe(error: AxiosError): Record<string, unknown> {
  const { name, message, code, config, response } = error
  return { name, message, code, status: response?.status, method: config?.method, url: publicURL(config?.url) }
}

/**
 * Keeps the bearer token of a failed request out of `JSON.stringify` and `util.inspect`: axios puts the whole config there. `config`, `request`
 * and `response` stay where programs look for them.
 */
export function withoutSecrets<Failure extends AxiosError>(error: Failure): Failure {
  const hidden = { configurable: true, writable: true }
  Object.defineProperty(error, 'toJSON', { ...hidden, value: () => describe(error) })
  Object.defineProperty(error, inspect, {
    ...hidden,
    value: () =>
      `${error.stack ?? error.message}\n${JSON.stringify({ ...describe(error), name: undefined, message: undefined }, null, 2)}`,
  })
  return error
}
