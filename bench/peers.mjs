// What people use today, set up as its documentation says.
import createAuthRefreshInterceptor from 'axios-auth-refresh'

/** The copied snippet: a flag, and a queue of those who came later. */
export function withFailedQueue(api, refresh, first) {
  let token = first
  let isRefreshing = false
  let failedQueue = []
  const processQueue = (error, fresh) => {
    failedQueue.forEach(({ resolve, reject }) => (error ? reject(error) : resolve(fresh)))
    failedQueue = []
  }
  api.interceptors.request.use((config) => {
    config.headers.Authorization ??= `Bearer ${token}`
    return config
  })
  api.interceptors.response.use(undefined, async (error) => {
    const request = error.config
    if (error.response?.status !== 401 || request._retry) throw error
    request._retry = true
    if (isRefreshing) {
      const fresh = await new Promise((resolve, reject) => failedQueue.push({ resolve, reject }))
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
 * axios-auth-refresh. Its default answers one of the concurrent requests and fails the others; without it each of them refreshes, so the flight is
 * shared by hand.
 */
export function withAuthRefresh(api, refresh, first) {
  let token = first
  let pending
  api.interceptors.request.use((config) => {
    config.headers.Authorization = `Bearer ${token}`
    return config
  })
  const install = createAuthRefreshInterceptor.default ?? createAuthRefreshInterceptor
  const renew = async () => {
    token = await refresh()
    // Late 401s of the old token must not start another one here: this peer doesn't tell them apart.
    setTimeout(() => (pending = undefined), 0)
  }
  install(api, () => (pending ??= renew()), { deduplicateRefresh: false })
}
