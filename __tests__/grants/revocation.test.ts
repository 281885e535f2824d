import { clientCredentials, refreshToken } from '../../src/grants/index.js'

const options = {
  tokenEndpoint: 'https://login.example.com/token',
  revocationEndpoint: 'https://login.example.com/revoke',
  clientId: 'app',
}
const { signal } = new AbortController()

/** What a revocation endpoint gets, which answers with these statuses. */
function endpoint(...statuses: number[]): {
  sent: unknown[]
  fetch: (url: string, init: { body?: URLSearchParams }) => Promise<Response>
} {
  const sent: unknown[] = []
  return {
    sent,
    fetch: async (url, { body }) => {
      sent.push([url, body?.get('token'), body?.get('token_type_hint')])
      return new Response(null, { status: statuses[sent.length - 1] ?? 200 })
    },
  }
}

describe('revoking', () => {
  it('tells the server of the refresh token first', async () => {
    const { sent, fetch } = endpoint()
    await refreshToken({ ...options, fetch }).revoke!({ access_token: 'a', token_type: 'Bearer', refresh_token: 'r' }, { signal })
    expect(sent).toEqual([
      [options.revocationEndpoint, 'r', 'refresh_token'],
      [options.revocationEndpoint, 'a', 'access_token'],
    ])
  })

  it('rejects when the server does not take it', async () => {
    const { sent, fetch } = endpoint(503)
    const revoked = refreshToken({ ...options, fetch }).revoke!(
      { access_token: 'a', token_type: 'Bearer', refresh_token: 'r' },
      { signal },
    )
    await expect(revoked).rejects.toThrow('The refresh_token could not be revoked.')
    expect(sent).toHaveLength(1)
  })

  it('leaves out a refresh token that is not there', async () => {
    const { sent, fetch } = endpoint()
    await clientCredentials({ ...options, clientSecret: 's', fetch }).revoke!(
      { access_token: 'a', token_type: 'Bearer' },
      { signal },
    )
    expect(sent).toEqual([[options.revocationEndpoint, 'a', 'access_token']])
  })
})
