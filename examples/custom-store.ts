/**
 * A store for one process: two functions over a record of a database, here a `Map`. The store has its refresh function, so that
 * `attachOAuth(api, store)` needs no third argument.
 *
 * API_URL, TOKEN_ENDPOINT, CLIENT_ID and TOKENS (JSON) come from the environment.
 */
import axios from 'axios'
import { attachOAuth, type TokenStore } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'

const { API_URL = '', TOKEN_ENDPOINT = '', CLIENT_ID = '', TOKENS = '{}' } = process.env

const database = new Map<string, string>([['user:1', TOKENS]])

function recordStore(key: string): TokenStore {
  return {
    name: `record ${key}`,
    read: () => JSON.parse(database.get(key) ?? 'null'),
    write(tokens) {
      if (tokens) database.set(key, JSON.stringify(tokens))
      else database.delete(key)
    },
    refresh: refreshToken({ tokenEndpoint: TOKEN_ENDPOINT, clientId: CLIENT_ID }),
  }
}

const api = axios.create({ baseURL: API_URL })
const session = attachOAuth(api, recordStore('user:1'))
session.on('saved', () => console.log('A new token set was stored'))

const { status } = await api.get('/me')
console.log(`The API answered ${status}`)
