import type { InternalAxiosRequestConfig } from 'axios'

type Transform = (this: InternalAxiosRequestConfig, ...args: unknown[]) => unknown
type Transforms = InternalAxiosRequestConfig['transformRequest']

/**
 * Makes the function that has a config checked right before the adapter: after every request transform, with nothing in between. The check rides on the last
 * request transform and takes itself off the config.
 */
export function checkBeforeAdapter(check: (config: InternalAxiosRequestConfig) => void): (config: InternalAxiosRequestConfig) => void {
  let known: Transforms
  let withCheck: Transform[] | undefined

  function addCheck(original: Transforms): Transform[] {
    const transforms = [original ?? []].flat() as Transform[]
    const last = transforms.at(-1)
    return [
      ...transforms.slice(0, -1),
      function (...args) {
        this.transformRequest = original as never
        const data = last ? last.apply(this, args) : args[0]
        check(this)
        return data
      },
    ]
  }

  return (config) => {
    const { transformRequest } = config
    if (withCheck && transformRequest === (withCheck as unknown)) return
    // Nearly every request has the list of its instance.
    if (!withCheck || transformRequest !== known) {
      known = transformRequest
      withCheck = addCheck(transformRequest)
    }
    config.transformRequest = withCheck as never
  }
}
