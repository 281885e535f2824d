import axios from 'axios'
import { attachOAuth, memoryStore, type RefreshFunction } from 'axios-attach-oauth'
import nock from 'nock'
import { listOrders } from './client.js'

const refresh: RefreshFunction = () => ({ access_token: 'new' })

function signedIn(access_token: string) {
  const api = axios.create({ baseURL: 'https://api.example.com' })
  const session = attachOAuth(api, memoryStore({ access_token }), { refresh })
  return { api, session }
}

afterEach(() => nock.cleanAll())

it('lists orders, also when the token has expired', async () => {
  nock('https://api.example.com')
    .get('/orders')
    .matchHeader('authorization', 'Bearer old')
    .reply(401)
  nock('https://api.example.com')
    .get('/orders')
    .matchHeader('authorization', 'Bearer new')
    .reply(200, ['tea'])
  expect(await listOrders(signedIn('old').api)).toEqual(['tea'])
})

it('rejects when the session has ended', async () => {
  nock('https://api.example.com').get('/orders').reply(401)
  const { api, session } = signedIn('old')
  await session.signOut()
  await expect(listOrders(api)).rejects.toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
})
