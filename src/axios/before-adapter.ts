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
  const added = new WeakSet<Transform>()
  return (config) => {
    const transforms = [config.transformRequest ?? []].flat() as Transform[]
    const last = transforms.at(-1)
    // A config that was aborted before it was sent still has the check.
    if (last && added.has(last)) return
    const checked: Transform = function (...args) {
      this.transformRequest = transforms as never
      const data = last ? last.apply(this, args) : args[0]
      check(this)
      return data
    }
    added.add(checked)
    config.transformRequest = [...transforms.slice(0, -1), checked] as never
  }
}
