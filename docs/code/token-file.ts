import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'

export const api = axios.create({ baseURL: 'https://api.example.com' })

// tokens.json has the response of your authorization server: { access_token,
// refresh_token, expires_in }
export const session = attachOAuth(api, fileStore('tokens.json'), {
  refresh: refreshToken({
    issuer: 'https://login.example.com',
    clientId: 'my-app',
  }),
})
