import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  JSON_ATTRIBUTE_COMPARISON,
  processDiscoveryResponse,
  type AuthorizationServer,
} from 'oauth4webapi'
import { objectionTo } from './endpoint.js'
import { discard, readText } from './read-body.js'
import type { GrantSettings } from './read-options.js'
import { sendTo } from './send.js'
import { withTimeLimit } from './time-limit.js'
import { TokenEndpointError, type TokenEndpointFailure } from './token-endpoint-error.js'
import { parseMembers } from '../token-answer.js'

/** Finds the endpoints. */
export type FindServer = (signal: AbortSignal) => Promise<AuthorizationServer>

const wrong = (message: string, known: TokenEndpointFailure = {}): TokenEndpointError =>
  new TokenEndpointError(message, { ...known, isMisconfigured: true })

function check({ token_endpoint, revocation_endpoint }: AuthorizationServer, allowInsecureHttp: boolean): void {
  if (token_endpoint === undefined) throw wrong("The issuer's metadata has no token_endpoint: pass tokenEndpoint instead.")
  for (const [name, address] of Object.entries({ token_endpoint, revocation_endpoint })) {
    const objection = address === undefined ? undefined : objectionTo(address, allowInsecureHttp)
    if (objection !== undefined) throw wrong(`The issuer's metadata can't be used: ${name} ${objection}.`)
  }
}

/** The time limit of each request for metadata, in milliseconds. Callers share a discovery, and may be more patient. */
const LIMIT = 10_000

/** Statuses below 500 that say nothing about the address. */
const passing = new Set([407, 408, 425, 429])

/** One attempt. A failure ranks 2 for wrong metadata, 1 for a server that may answer later, 0 for no metadata at this address. */
type Attempt = { readonly server: AuthorizationServer } | { readonly failure: TokenEndpointError; readonly weight: 0 | 1 | 2 }

async function attempt(
  settings: GrantSettings,
  issuer: URL,
  algorithm: 'oidc' | 'oauth2',
  signal: AbortSignal,
): Promise<Attempt> {
  const named = `the issuer ${issuer.origin}`
  const notFound = `The endpoints of ${named} could not be discovered. Is that the issuer's exact name?`
  let text: string
  try {
    const response = await discoveryRequest(issuer, {
      algorithm,
      [customFetch]: sendTo(`issuer ${issuer.origin}`, settings, signal) as never,
      // The issuer was checked at construction.
      [allowInsecureRequests]: true,
    })
    const { status, headers } = response
    if (status !== 200) {
      discard(response)
      const retryAfter = headers.get('retry-after') ?? undefined
      if (status < 500 && !passing.has(status)) return { failure: wrong(notFound, { status }), weight: 0 }
      const message = `The issuer ${issuer.origin} answered ${status} to the request for its metadata.`
      return { failure: new TokenEndpointError(message, { status, retryAfter, headers }), weight: 1 }
    }
    text = await readText(response, `issuer ${issuer.origin}`, signal)
  } catch (error) {
    if (error instanceof TokenEndpointError) return { failure: error, weight: 1 }
    throw error
  }
  const members = parseMembers(text)
  // A page may come from an intermediary.
  if (!members) return { failure: new TokenEndpointError(notFound), weight: 0 }
  try {
    const server = await processDiscoveryResponse(issuer, new Response(JSON.stringify(members)))
    check(server, settings.allowInsecureHttp)
    return { server }
  } catch (error) {
    if (error instanceof TokenEndpointError) return { failure: error, weight: 2 }
    const isOther = (error as { code?: unknown }).code === JSON_ATTRIBUTE_COMPARISON
    const mismatch = `The metadata of ${named} name another issuer. Pass the issuer exactly as its metadata name it.`
    return { failure: wrong(isOther ? mismatch : notFound, { cause: error }), weight: isOther ? 2 : 0 }
  }
}

async function discover(settings: GrantSettings, issuer: URL, signal: AbortSignal): Promise<AuthorizationServer> {
  const late = (): Attempt => ({
    failure: new TokenEndpointError(`The issuer ${issuer.origin} did not send its metadata within ${LIMIT} ms.`),
    weight: 1,
  })
  const request = (algorithm: 'oidc' | 'oauth2'): Promise<Attempt> =>
    withTimeLimit(LIMIT, signal, (limited) => attempt(settings, issuer, algorithm, limited), late)
  const first = await request('oidc')
  if ('server' in first) return first.server
  const second = await request('oauth2')
  if ('server' in second) return second.server
  throw second.weight > first.weight ? second.failure : first.failure
}

/** Returns the given endpoints, or discovers them once. Concurrent callers share a discovery; a failed one is not cached. */
export function serverOf(settings: GrantSettings): FindServer {
  const { location, revocationEndpoint } = settings
  const given = revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }
  if ('tokenEndpoint' in location) {
    const { tokenEndpoint } = location
    // The audience of an assertion is the issuer or, if that is unknown, the token endpoint (RFC 7523 §3).
    return async () => ({ issuer: tokenEndpoint, token_endpoint: tokenEndpoint, ...given })
  }
  let pending: { readonly found: Promise<AuthorizationServer>; readonly signal: AbortSignal } | undefined
  const find: FindServer = async (signal) => {
    const mine = (pending ??= { found: discover(settings, location.issuer, signal), signal })
    try {
      return { ...(await mine.found), ...given }
    } catch (error) {
      if (pending === mine) pending = undefined
      // Only the caller whose signal was aborted rejects; the others start another discovery.
      if (mine.signal.aborted && !signal.aborted) return find(signal)
      throw error
    }
  }
  return find
}
