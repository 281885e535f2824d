import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { fakeSession } from 'axios-attach-oauth/testing'
import nock from 'nock'
import { listOrders } from './client.js'

it('shows what the session’s state demands, and sends its token', async () => {
  const session = fakeSession({ status: 'signed_in', user: 'ann' })
  const api = axios.create({ baseURL: 'https://api.example.com' })
  attachOAuth(api, session.store)
  nock('https://api.example.com')
    .get('/orders')
    .matchHeader('authorization', /^Bearer fake-/)
    .reply(200, ['tea'])
  expect(await listOrders(api)).toEqual(['tea'])

  session.set({ status: 'signed_out', reason: 'invalid_grant' })
  expect(session.getSnapshot()).toMatchObject({
    status: 'signed_out',
    reason: 'invalid_grant',
  })
})
