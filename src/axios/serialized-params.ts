import type { InternalAxiosRequestConfig, ParamsSerializerOptions } from 'axios'

type Serialize = NonNullable<ParamsSerializerOptions['serialize']>

/** What stands behind a function of ours. */
interface Kept {
  readonly serialize: Serialize
  made?: string
  /** The request is being sent again. */
  again?: boolean
}

const keepers = new WeakMap<Serialize, Kept>()

const serializerOf = (config: InternalAxiosRequestConfig): Serialize | undefined =>
  (config.paramsSerializer as ParamsSerializerOptions | undefined)?.serialize

/** The adapter serializes the parameters each time that it sends: what the caller's own function has made is kept for the second time. */
export function memoizeParams(config: InternalAxiosRequestConfig): void {
  const given = serializerOf(config)
  if (!given) return
  const kept: Kept = { serialize: keepers.get(given)?.serialize ?? given }
  const serialize: Serialize = (...args) =>
    kept.again ? (kept.made ??= kept.serialize(...args)) : (kept.made = kept.serialize(...args))
  keepers.set(serialize, kept)
  config.paramsSerializer = { ...config.paramsSerializer, serialize }
}

/** Has the adapter get the parameters of the first send, until the undo. `undefined` when the caller has no serializer of its own. */
export function repeatParams(config: InternalAxiosRequestConfig): (() => void) | undefined {
  const kept = keepers.get(serializerOf(config) as Serialize)
  if (!kept) return undefined
  kept.again = true
  return () => {
    kept.again = false
  }
}
