import { isSignInError, startSignIn, type SignInClient, type SignInError } from '../../../src/sign-in/index.js'
import { startIssuer, type FakeIssuer } from './fake-issuer.js'
import { openPage, type FakePage } from './fake-page.js'

/** A page, an issuer and a client of both. */
export interface Flow {
  readonly page: FakePage
  readonly server: FakeIssuer
  readonly client: SignInClient
  /** Starts a sign-in and opens its redirect URI with the parameters of `response`, and `state`. */
  respond(response?: string): Promise<void>
}

export function openFlow(scope = 'read'): Flow {
  const page = openPage('https://app.example/orders')
  const server = startIssuer()
  const { issuer } = server
  server.metadata.authorization_response_iss_parameter_supported = false
  const client: SignInClient = { issuer, clientId: 'spa', redirectUri: '/callback', scope, fetch: server.fetch }
  return {
    page,
    server,
    client,
    async respond(response = 'code=secret-code') {
      await startSignIn(client)
      const request = new URL(page.visited.at(-1)!).searchParams
      server.claims = { nonce: request.get('nonce') }
      page.open(`/callback?${response}&state=${request.get('state')}`)
    },
  }
}

export async function failureOf(work: Promise<unknown>): Promise<SignInError> {
  try {
    await work
  } catch (error) {
    if (isSignInError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}
