import axios from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'

export const api = axios.create({ baseURL: 'https://api.example.com' })

api.interceptors.request.use((request) => {
  request.headers.Authorization = `Bearer ${localStorage.getItem('token')}`
  return request
})

createAuthRefresh(
  api,
  async (failed) => {
    const { data } = await axios.post('https://api.example.com/auth/refresh')
    localStorage.setItem('token', data.token)
    failed.response.config.headers.Authorization = `Bearer ${data.token}`
  },
  {
    statusCodes: [401, 419],
    onRetry: (config) => {
      config.headers.set('X-Nonce', crypto.randomUUID())
      return config
    },
  },
)

export const login = (name: string, password: string) =>
  api.post('/login', { name, password }, { skipAuthRefresh: true } as object)
