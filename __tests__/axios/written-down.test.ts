import { inspect } from 'node:util'
import axios from 'axios'
import { publicURL } from '../../src/axios/redact.js'
import { attachOAuth, memoryStore, OAuthRequestError } from '../../src/index.js'
import { rejection } from '../helpers/client.js'

describe('a URL that is written down has no secrets', () => {
  it.each([
    ['https://user:secret@api.example.com/x', 'https://api.example.com/x'],
    ['//user:secret@api.example.com/x', '//api.example.com/x'],
    ['h2+x-y.z://user:secret@api.example.com/x', 'h2+x-y.z://api.example.com/x'],
    ['HTTPS://user:secret@api.example.com/x', 'HTTPS://api.example.com/x'],
    ['/x?token=secret', '/x'],
    ['/x#token=secret', '/x'],
    ['/x?a=secret\nb=secret', '/x'],
    ['/files//me@home', '/files//me@home'],
    [undefined, ''],
  ])('%j becomes %j', (url, told) => expect(publicURL(url)).toBe(told))
})

describe('a failed request that is written down', () => {
  const config = { headers: { Authorization: 'Bearer made-up' }, method: 'post', url: '/x?code=made-up' } as never
  const response = { status: 401, data: 'refused', headers: {}, statusText: '', config }
  const make = (): OAuthRequestError => new OAuthRequestError('OAUTH_SIGNED_OUT', 'who is it?', config, response)
  const told = { code: 'OAUTH_SIGNED_OUT', status: 401, method: 'post', url: '/x' }

  it('tells which it was and what came of it', () => {
    expect(JSON.parse(JSON.stringify(make()))).toEqual({ name: 'OAuthRequestError', message: 'who is it?', ...told })
  })

  it('shows where it comes from, once', () => {
    const error = make()
    const text = inspect(error)
    expect(text.startsWith(`${error.stack}\n{`)).toBe(true)
    expect(JSON.parse(text.slice(error.stack!.length))).toEqual(told)
  })

  it('shows its message where the platform gives no stack', () => {
    expect(inspect(Object.assign(make(), { stack: undefined })).split('\n')[0]).toBe('who is it?')
  })

  it('has no members that a loop would find but those of its kind', () => {
    const [names, usual] = [make(), new axios.AxiosError('m', 'c', config, undefined, response)].map((error) =>
      Object.keys(error),
    )
    expect(names!.filter((name) => !usual!.includes(name) && name !== 'status')).toEqual([])
    expect('cause' in make()).toBe(false)
  })

  it('can be changed by whoever catches it, as any error can', () => {
    const cause = new Error('made up')
    const error = new OAuthRequestError('OAUTH_SIGNED_OUT', 'who is it?', config, response, cause)
    error.cause = new Error('another')
    error.toJSON = () => ({ mine: true })
    expect([error.cause?.message, JSON.stringify(error)]).toEqual(['another', '{"mine":true}'])
    expect(Object.keys(error)).not.toContain('cause')
  })
})

it('what axios itself fails with, on its way through, is written down without the token too', async () => {
  const api = axios.create({
    baseURL: 'https://api.example.com',
    adapter: async (config) => Promise.reject(new axios.AxiosError('no way', 'ECONNRESET', config)),
  })
  attachOAuth(api, memoryStore({ access_token: 'at-made-up' }), { refresh: false })
  const attached = await rejection(api.get('/x'))
  expect(JSON.stringify(attached) + inspect(attached)).not.toContain('at-made-up')
  const other = await rejection(api.get('/x', { oauth: false }))
  expect(JSON.parse(JSON.stringify(other))).toHaveProperty('config')
})
