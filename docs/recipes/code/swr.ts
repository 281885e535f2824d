import { isOAuthError } from 'axios-attach-oauth'
import useSWR, { mutate, type SWRConfiguration } from 'swr'
import { api, session } from './auth.js'

export const fetcher = async <Data>(path: string): Promise<Data> =>
  (await api.get<Data>(path)).data

/** Pass it to `<SWRConfig value={configuration}>`. */
export const configuration: SWRConfiguration = {
  fetcher,
  shouldRetryOnError: (error: unknown) => !isOAuthError(error) || error.retryable,
}

/** Removes everything that was loaded for the user before. */
const clear = (revalidate: boolean): void =>
  void mutate(() => true, undefined, { revalidate })
session.on('signed_out', () => clear(false))
// Also loads what is on the page for the new user.
session.on('user_changed', () => clear(true))

export const useOrders = () => useSWR<string[]>('/orders')
