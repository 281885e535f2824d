const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An issuer behind a `fetch`. Each has a name of its own, so that no discovery is shared between tests. */
export interface FakeIssuer {
  readonly issuer: string
  readonly fetch: typeof fetch
  /** Method, path and body of each request. */
  readonly requests: { method: string; path: string; body: URLSearchParams }[]
  metadata: Record<string, unknown>
  /** Answers the token request; by default with tokens whose ID token has the nonce of `expectNonce`. */
  token: (body: URLSearchParams) => Response | Promise<Response>
  /** Claims of the ID token beside `iss`, `aud`, `sub` and the times. */
  claims: Record<string, unknown>
}

let count = 0

const json = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

export function startIssuer(): FakeIssuer {
  const issuer = `https://login-${++count}.example`
  const requests: FakeIssuer['requests'] = []
  const fake: FakeIssuer = {
    issuer,
    requests,
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      end_session_endpoint: `${issuer}/logout`,
      authorization_response_iss_parameter_supported: true,
    },
    claims: {},
    token: () => {
      const now = Math.floor(Date.now() / 1000)
      const claims = { iss: issuer, aud: 'spa', sub: 'alice', iat: now, exp: now + 300, ...fake.claims }
      const id_token = `${base64url({ alg: 'RS256' })}.${base64url(claims)}.${base64url({ made: 'up' })}`
      return json({ access_token: 'at-1', refresh_token: 'rt-1', token_type: 'Bearer', expires_in: 600, id_token })
    },
    fetch: (async (target: string | URL | Request, init?: RequestInit) => {
      const url = new URL(String(target))
      requests.push({ method: init?.method ?? 'GET', path: url.pathname, body: new URLSearchParams(String(init?.body ?? '')) })
      if (url.pathname.startsWith('/.well-known/')) return json(fake.metadata)
      return fake.token(new URLSearchParams(String(init?.body)))
    }) as typeof fetch,
  }
  return fake
}

export { json }
