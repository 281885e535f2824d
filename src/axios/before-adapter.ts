import type { InternalAxiosRequestConfig } from 'axios'

type Transform = (this: InternalAxiosRequestConfig, ...args: unknown[]) => unknown

/** The only transform of a list, when it has one. */
export function onlyTransform(transforms: unknown): unknown {
  return Array.isArray(transforms) && transforms.length === 1 ? transforms[0] : undefined
}

/**
 * Makes the function that adds a check to a config. The check runs right before the adapter, as part of the last request
 * transform, and restores the config's own transforms.
 */
export function checkBeforeAdapter(
  check: (config: InternalAxiosRequestConfig) => void,
): (config: InternalAxiosRequestConfig) => void {
  // Most requests have exactly one transform: axios' own.
  let usual: unknown
  let usualWithCheck: Transform[] = []

  function withCheck(transforms: readonly Transform[]): Transform[] {
    const last = transforms.at(-1)
    const checked: Transform = function (...args) {
      this.transformRequest = [...transforms] as never
      const data = last ? last.apply(this, args) : args[0]
      check(this)
      return data
    }
    return [...transforms.slice(0, -1), checked]
  }

  return (config) => {
    const only = onlyTransform(config.transformRequest)
    if (only === undefined) config.transformRequest = withCheck([config.transformRequest ?? []].flat() as Transform[]) as never
    else {
      if (only === usualWithCheck[0]) return
      if (only !== usual) usualWithCheck = withCheck([(usual = only) as Transform])
      config.transformRequest = usualWithCheck as never
    }
  }
}
