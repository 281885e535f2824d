import type { FailureShape } from './failure-shape.js'
import type { Answer, IssuedTokens, Provider, Seen } from './provider.js'
import { serve, type Served } from './serve.js'

const invalidGrant: FailureShape = { name: 'RFC 6749', status: 400, body: { error: 'invalid_grant' }, means: 'ended' }
const unavailable: FailureShape = { name: '503', status: 503, body: { message: 'Service Unavailable' }, means: 'kept' }
const invalidToken: Answer = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: '' }

/** The successful answer of RFC 6749 §5.1. */
export const standardAnswer = ({ access, refresh }: IssuedTokens): Answer => ({
  body: { access_token: access, token_type: 'Bearer', expires_in: 3600, refresh_token: refresh },
})

function isStandardRequest({ body }: Seen): boolean {
  const form = new URLSearchParams(body)
  return form.get('grant_type') === 'refresh_token' && !!form.get('refresh_token') && !!form.get('client_id')
}

/** A token endpoint and an API of one provider. */
export class ProviderServer {
  readonly #provider: Provider
  #served: Served | undefined
  #issued = 1
  /** The access token that the API accepts. */
  accepted = accessToken(1)
  mode: 'normal' | 'ended' | 'overloaded' = 'normal'
  tokenRequests = 0
  apiRequests = 0
  /** Token requests that the provider would not understand. */
  readonly mistakes: string[] = []

  constructor(provider: Provider) {
    this.#provider = provider
  }

  async listen(): Promise<string> {
    this.#served = await serve((path, seen) =>
      path === '/token' ? this.#answerTokenRequest(seen) : this.#answerApiRequest(seen),
    )
    return this.#served.origin
  }

  async close(): Promise<void> {
    await this.#served?.close()
  }

  /** The tokens that were issued last. */
  get tokens(): IssuedTokens {
    return { access: accessToken(this.#issued), refresh: `made-up-refresh-${this.#issued}`, now: Date.now() }
  }

  #answerTokenRequest(seen: Seen): Answer {
    const { ended = invalidGrant, overloaded = unavailable, accepts = isStandardRequest, issue } = this.#provider
    this.tokenRequests++
    if (!accepts(seen)) this.mistakes.push(`${seen.headers['content-type']} ${seen.body}`)
    if (this.mode !== 'normal') return this.mode === 'ended' ? ended : overloaded
    this.#issued++
    this.accepted = accessToken(this.#issued)
    return (issue ?? standardAnswer)(this.tokens)
  }

  #answerApiRequest({ headers }: Seen): Answer {
    const { credential = (access) => ({ authorization: `Bearer ${access}` }), rejects = invalidToken } = this.#provider
    this.apiRequests++
    const expected = Object.entries(credential(this.accepted))
    return expected.every(([name, value]) => headers[name.toLowerCase()] === value) ? { body: { ok: true } } : rejects
  }
}

/** Access tokens are valid header values of a usual length. */
export const accessToken = (n: number): string => `made-up-access-${n}`
