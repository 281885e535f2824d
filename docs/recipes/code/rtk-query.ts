import { configureStore } from '@reduxjs/toolkit'
import { createApi, retry, type BaseQueryFn } from '@reduxjs/toolkit/query'
import type { AxiosRequestConfig } from 'axios'
import { isAxiosError } from 'axios'
import { isOAuthError } from 'axios-attach-oauth'
import { api, session } from './auth.js'

/** What the store keeps of an error: plain JSON. */
interface QueryError {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
}

function toQueryError(error: unknown): QueryError {
  if (isOAuthError(error))
    return { code: error.code, message: error.message, retryable: error.retryable }
  if (isAxiosError(error))
    return {
      code: error.code ?? '',
      message: error.message,
      retryable: !error.response,
    }
  throw error
}

const axiosBaseQuery: BaseQueryFn<AxiosRequestConfig, unknown, QueryError> = async (
  config,
  { signal },
) => {
  try {
    const { data } = await api.request({ ...config, signal })
    return { data }
  } catch (error) {
    return { error: toQueryError(error) }
  }
}

export const ordersApi = createApi({
  baseQuery: retry(axiosBaseQuery, {
    retryCondition: (error, _args, { attempt }) =>
      (error as QueryError).retryable && attempt < 3,
  }),
  endpoints: ({ query }) => ({
    orders: query<string[], void>({ query: () => ({ url: '/orders' }) }),
  }),
})

export const store = configureStore({
  reducer: { [ordersApi.reducerPath]: ordersApi.reducer },
  middleware: (defaults) => defaults().concat(ordersApi.middleware),
})

session.on('signed_out', () => store.dispatch(ordersApi.util.resetApiState()))
session.on('user_changed', () => store.dispatch(ordersApi.util.resetApiState()))
