import axios from 'axios'
import { attachOAuth, type TokenStore } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/refresh-token'
import * as SecureStore from 'expo-secure-store'

const KEY = 'tokens'

export const keychain: TokenStore = {
  name: 'keychain',
  async read() {
    const text = await SecureStore.getItemAsync(KEY)
    return text === null ? undefined : JSON.parse(text)
  },
  write: (tokens) =>
    tokens
      ? SecureStore.setItemAsync(KEY, JSON.stringify(tokens))
      : SecureStore.deleteItemAsync(KEY),
}

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, keychain, {
  refresh: refreshToken({
    tokenEndpoint: 'https://login.example.com/token',
    clientId: 'my-app',
  }),
})
