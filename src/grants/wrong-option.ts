import { brandAsSafe } from '../errors.js'

/** A `TypeError` that names a wrong option. A session whose refresh function throws it reports a wrong setting. */
export function wrongOption(message: string): TypeError {
  return brandAsSafe(Object.defineProperty(new TypeError(message), 'isMisconfigured', { value: true }))
}
