import type { InternalAxiosRequestConfig, ParamsSerializerOptions } from 'axios'

type Serialize = NonNullable<ParamsSerializerOptions['serialize']>

/** What stands behind a function of ours, for the next round of a config that comes back. */
const originals = new WeakMap<Serialize, Serialize>()

/** The adapter serializes the parameters each time that it sends: what the caller's own function has made is kept for the second time. */
export function keepParams(config: InternalAxiosRequestConfig): void {
  const options = config.paramsSerializer as ParamsSerializerOptions | undefined
  if (!options?.serialize) return
  const serialize = originals.get(options.serialize) ?? options.serialize
  let made: string | undefined
  const once: Serialize = (...given) => (made ??= serialize(...given))
  originals.set(once, serialize)
  config.paramsSerializer = { ...options, serialize: once }
}
