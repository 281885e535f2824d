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
export function keepParams(config: InternalAxiosRequestConfig): void {
  const given = serializerOf(config)
  if (!given) return
  const kept: Kept = { serialize: keepers.get(given)?.serialize ?? given }
  const serialize: Serialize = (...args) =>
    kept.again ? (kept.made ??= kept.serialize(...args)) : (kept.made = kept.serialize(...args))
  keepers.set(serialize, kept)
  config.paramsSerializer = { ...config.paramsSerializer, serialize }
}

/**
 * Has the adapter get the parameters as they were made before, until the undo: with other ones the config of a response may go anywhere afterwards,
 * also where we are not attached.
 */
export function repeatParams(config: InternalAxiosRequestConfig): () => void {
  const kept = keepers.get(serializerOf(config) as Serialize)
  if (kept) kept.again = true
  return () => {
    if (kept) kept.again = false
  }
}
