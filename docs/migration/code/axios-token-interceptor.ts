import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { clientCredentials } from 'axios-attach-oauth/grants'

const { CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, memoryStore(), {
  refresh: clientCredentials({
    tokenEndpoint: 'https://login.example.com/token',
    clientId,
    clientSecret,
    // axios-oauth-client sends the secret in the body.
    clientAuthentication: 'client_secret_post',
    scope: 'read',
  }),
})
