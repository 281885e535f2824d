import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/refresh-token'
import { webStore } from 'axios-attach-oauth/web'

const refresh = refreshToken({
  tokenEndpoint: 'https://login.example.com/token',
  clientId: 'my-app',
})

/**
 * The module runs again at each change. A second call with the same instance and
 * place replaces the first.
 */
export const connect = (
  api = axios.create({ baseURL: 'https://api.example.com' }),
) => ({
  api,
  session: attachOAuth(api, webStore(), { refresh }),
})
