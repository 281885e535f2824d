// A real authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636); this program acts as the user and the browser.
import * as client from 'openid-client'

/** Follows redirects with cookies, as a browser does, and fills in the forms of the login and the consent page. */
async function browse(start: URL, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let address = new URL(start)
  let form: URLSearchParams | undefined
  for (let step = 0; step < 20; step++) {
    if (address.href.startsWith(redirectUri)) return address
    const response: Response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    form = undefined
    const location = response.headers.get('location')
    if (location) {
      address = new URL(location, address)
      continue
    }
    const page = await response.text()
    const prompt: string | undefined = /name="prompt" value="(\w+)"/.exec(page)?.[1]
    const action: string | undefined = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
    if (!prompt || !action)
      throw new Error(`the authorization server shows a page that this program can't read (${response.status})`)
    form = new URLSearchParams({ prompt, login: 'alice', password: 'made-up' })
    address = new URL(action, address)
  }
  throw new Error('the authorization server redirects in a loop')
}

export async function signIn(issuer: string, clientId: string): Promise<client.TokenEndpointResponse> {
  const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const redirectUri = 'http://127.0.0.1/callback'
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid offline_access read',
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  return { ...(await client.authorizationCodeGrant(config, await browse(start, redirectUri), { pkceCodeVerifier })) }
}
