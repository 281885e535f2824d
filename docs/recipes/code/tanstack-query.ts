import { QueryClient, useQuery } from '@tanstack/react-query'
import { isOAuthError } from 'axios-attach-oauth'
import { api, session } from './auth.js'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Asking again does not bring an ended session back.
      retry: (count, error) =>
        count < 2 && (!isOAuthError(error) || error.retryable),
    },
  },
})

// Data of one user must not be shown to the next, in whichever tab the user
// changes.
session.on('signed_out', () => {
  for (const query of queries.getQueryCache().getAll()) query.reset()
})
// Also loads what is on the page for the new user.
session.on('user_changed', () => void queries.resetQueries())

export const useOrders = () =>
  useQuery({
    queryKey: ['orders'],
    // The signal aborts the request when the component unmounts. A refresh under
    // way goes on.
    queryFn: async ({ signal }) =>
      (await api.get<string[]>('/orders', { signal })).data,
  })
