/**
 * A service that acts for itself, with client credentials (RFC 6749 §4.4). Nothing is stored; the first request gets the first token.
 *
 * API_URL, TOKEN_ENDPOINT, CLIENT_ID and CLIENT_SECRET come from the environment.
 */
import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { clientCredentials } from 'axios-attach-oauth/grants'

const { API_URL = '', TOKEN_ENDPOINT = '', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env

const api = axios.create({ baseURL: API_URL })
const refresh = clientCredentials({
  tokenEndpoint: TOKEN_ENDPOINT,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  clientAuthentication: 'client_secret_post',
  scope: 'read',
})
attachOAuth(api, memoryStore(), { refresh })

const answers = await Promise.all([1, 2, 3].map((i) => api.get(`/report/${i}`)))
console.log(answers.map(({ status }) => status).join(' '))
