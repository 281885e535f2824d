// Alternatives, set up as their documentation says.
import type { AxiosError, AxiosInstance, InternalAxiosRequestConfig } from 'axios'
import createAuthRefreshInterceptor from 'axios-auth-refresh'

export type Install = (api: AxiosInstance, refresh: () => Promise<string>, first: string) => void

/** The copied snippet: a flag, and a queue of the requests that failed meanwhile. */
export const withFailedQueue: Install = (api, refresh, first) => {
  let token = first
  let isRefreshing = false
  let failedQueue: { resolve(token: string): void; reject(error: unknown): void }[] = []
  const processQueue = (error: unknown, fresh?: string): void => {
    failedQueue.forEach(({ resolve, reject }) => (fresh === undefined ? reject(error) : resolve(fresh)))
    failedQueue = []
  }
  api.interceptors.request.use((config) => {
    config.headers.Authorization ??= `Bearer ${token}`
    return config
  })
  api.interceptors.response.use(undefined, async (error: AxiosError) => {
    const request = error.config as InternalAxiosRequestConfig & { _retry?: boolean }
    if (error.response?.status !== 401 || request._retry) throw error
    request._retry = true
    if (isRefreshing) {
      const fresh = await new Promise<string>((resolve, reject) => failedQueue.push({ resolve, reject }))
      request.headers.Authorization = `Bearer ${fresh}`
      return api(request)
    }
    isRefreshing = true
    try {
      token = await refresh()
      processQueue(undefined, token)
      request.headers.Authorization = `Bearer ${token}`
      return api(request)
    } catch (failure) {
      processQueue(failure)
      throw failure
    } finally {
      isRefreshing = false
    }
  })
}

/**
 * axios-auth-refresh. By default it answers one of the concurrent requests and fails the others; without that each of them refreshes, so the refresh
 * is shared by hand.
 */
export const withAuthRefresh: Install = (api, refresh, first) => {
  let token = first
  let pending: Promise<void> | undefined
  api.interceptors.request.use((config) => {
    config.headers.Authorization = `Bearer ${token}`
    return config
  })
  type Module = typeof createAuthRefreshInterceptor
  const install = (createAuthRefreshInterceptor as Module & { default?: Module }).default ?? createAuthRefreshInterceptor
  const renew = async (): Promise<void> => {
    token = await refresh()
    // Late 401s of the old token must not start another refresh: this package doesn't tell them apart.
    setTimeout(() => (pending = undefined), 0)
  }
  install(api, () => (pending ??= renew()), { deduplicateRefresh: false })
}
