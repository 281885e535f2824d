import axios, { type AxiosError, type InternalAxiosRequestConfig } from 'axios'

export const api = axios.create({ baseURL: 'https://api.example.com' })

let isRefreshing = false
let failedQueue: {
  resolve: (token: string) => void
  reject: (error: unknown) => void
}[] = []

function processQueue(error: unknown, token = ''): void {
  failedQueue.forEach(({ resolve, reject }) =>
    error ? reject(error) : resolve(token),
  )
  failedQueue = []
}

api.interceptors.request.use((config) => {
  config.headers.Authorization = `Bearer ${localStorage.getItem('token')}`
  return config
})

api.interceptors.response.use(undefined, async (error: AxiosError) => {
  const request = error.config as InternalAxiosRequestConfig & { _retry?: boolean }
  if (error.response?.status !== 401 || request._retry) throw error
  request._retry = true
  if (isRefreshing) {
    await new Promise<string>((resolve, reject) =>
      failedQueue.push({ resolve, reject }),
    )
    return api(request)
  }
  isRefreshing = true
  try {
    const { data } = await axios.post('/auth/refresh', {
      refreshToken: localStorage.getItem('refreshToken'),
    })
    localStorage.setItem('token', data.token)
    processQueue(undefined, data.token)
    return await api(request)
  } catch (failure) {
    processQueue(failure)
    localStorage.clear()
    location.assign('/login')
    throw failure
  } finally {
    isRefreshing = false
  }
})
