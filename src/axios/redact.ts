import type { AxiosError } from 'axios'
import { setCause } from '../errors.js'

const inspect = Symbol.for('nodejs.util.inspect.custom')

/** A URL without what may be secret in it. */
export function publicURL(url: string | undefined): string {
  return String(url ?? '')
    .replace(/[?#].*/s, '')
    .replace(/^([a-z][a-z\d+\-.]*:)?\/\/[^/]*@/i, '$1//')
}

/** The parts of an error that may be written down. */
function describe(error: AxiosError): Record<string, unknown> {
  const { name, message, code, config, response } = error
  return { name, message, code, status: response?.status, method: config?.method, url: publicURL(config?.url) }
}

/**
 * Keeps the access token of a failed request out of everything that prints an error: `config`, `request` and `response` stay readable but are no
 * longer enumerable, and `cause` is reduced to what may be printed. Node's crash output, assertion diffs and most loggers ignore `toJSON` and
 * custom inspection, which only make the rest shorter.
 */
export function withoutSecrets<Failure extends AxiosError>(error: Failure): Failure {
  const hidden = { configurable: true, writable: true }
  const hide = (name: PropertyKey, value: unknown): unknown =>
    Object.defineProperty(error, name, { ...hidden, enumerable: false, value })
  try {
    for (const name of ['config', 'request', 'response'] as const) if (name in error) hide(name, error[name])
    if (error.cause !== undefined) setCause(error, error.cause)
    hide('toJSON', () => describe(error))
    hide(
      inspect,
      () =>
        `${error.stack ?? error.message}\n${JSON.stringify({ ...describe(error), name: undefined, message: undefined }, null, 2)}`,
    )
  } catch {
    // A frozen error can't be changed.
  }
  return error
}
