import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/refresh-token'
import { webStore } from 'axios-attach-oauth/web'

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, webStore(), {
  refresh: refreshToken({
    tokenEndpoint: 'https://login.example.com/token',
    clientId: 'my-app',
  }),
})
