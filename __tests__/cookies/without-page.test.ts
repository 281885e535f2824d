import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { httpOnlyCookies } from '../../src/cookies.js'
import { attachOAuth, type AttachedSession } from '../../src/index.js'

function onServer(status: number) {
  let refreshes = 0
  const cookies: unknown[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config: InternalAxiosRequestConfig) {
      cookies.push(config.headers.get('cookie'))
      const response = { status, statusText: '', data: '', headers: {}, config }
      if (status === 401) throw new AxiosError('401', 'ERR_BAD_REQUEST', config, null, response)
      return response
    },
  })
  const session: AttachedSession = attachOAuth(api, httpOnlyCookies({ refresh: () => void refreshes++ }))
  return { api, session, cookies, refreshes: () => refreshes }
}

it('a request of a rendering server is sent unchanged, with the cookie that the server has set itself', async () => {
  const { api, cookies } = onServer(200)
  expect((await api.get('/me', { headers: { cookie: 'access=1' } })).status).toBe(200)
  expect(cookies).toEqual(['access=1'])
})

it('a rendering server gets the 401 with a message that says where refreshes take place, and no refresh runs', async () => {
  const { api, session, cookies, refreshes } = onServer(401)
  await expect(api.get('/me')).rejects.toMatchObject({
    response: { status: 401 },
    message: expect.stringContaining('httpOnlyCookies refreshes in a page only') as string,
  })
  await expect(session.refresh()).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  expect([cookies.length, refreshes()]).toEqual([1, 0])
})
