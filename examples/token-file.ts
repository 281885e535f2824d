/**
 * A program with a token file in the format that other tools write. An expired token is refreshed, and the new token set is stored in the file.
 *
 * TOKEN_FILE, API_URL, TOKEN_ENDPOINT and CLIENT_ID come from the environment.
 */
import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'

const { TOKEN_FILE = 'tokens.json', API_URL = '', TOKEN_ENDPOINT = '', CLIENT_ID = '' } = process.env

const api = axios.create({ baseURL: API_URL })
attachOAuth(api, fileStore(TOKEN_FILE), { refresh: refreshToken({ tokenEndpoint: TOKEN_ENDPOINT, clientId: CLIENT_ID }) })

try {
  const { status } = await api.get('/me')
  console.log(`The API answered ${status}`)
} catch (error) {
  // Each error of the package has a stable code.
  if (isOAuthError(error) && error.code === 'OAUTH_SIGNED_OUT') console.log('No user is signed in: get a token set first')
  else throw error
}
