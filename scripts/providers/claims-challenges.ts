import axios from 'axios'
import { attachOAuth, isOAuthError, memoryStore, type AttachedSession, type RefreshFunction } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { refreshWithClaims, stepUp, type StepUpDemand } from 'axios-attach-oauth/step-up'
import { expect } from './mistake.js'
import type { Answer } from './provider.js'
import { serve } from './serve.js'
import type { Shape, ShapeChecks, ShapeTable } from './shape-table.js'

/** The refresh functions that carry claims. */
type ClaimsWay = 'grants' | 'own axios' | 'own fetch'

/** An API that asks for more than its token gives. */
interface ClaimsShape extends Shape {
  /** `WWW-Authenticate`, one line or several. */
  readonly challenge: string | string[]
  /** Default: 401. */
  readonly status?: number
  /** The claims as JSON. Missing when the challenge has none: then the handler is asked. */
  readonly claims?: string
  /** The answer of the token endpoint when it refuses the claims. Default: 400 `interaction_required`. */
  readonly refused?: Answer
}

interface Trial {
  readonly shape: ClaimsShape
  readonly session: AttachedSession
  readonly server: { mode: 'normal' | 'refused' | 'down'; served: number; rejected: number }
  /** The claims of each token request. */
  readonly requests: (string | undefined)[]
  readonly prompts: StepUpDemand[]
  readonly events: string[]
  readonly request: () => Promise<string>
}

const interactionRequired: Answer = {
  status: 400,
  body: { error: 'interaction_required', error_description: 'AADSTS50076', suberror: 'basic_action' },
}

function createRefresh(way: ClaimsWay, tokenEndpoint: string): (claims?: string) => RefreshFunction {
  const form = (token: string | undefined, claims: string | undefined): URLSearchParams =>
    new URLSearchParams({ grant_type: 'refresh_token', client_id: 'app', refresh_token: token ?? '', ...(claims && { claims }) })
  const make: Record<ClaimsWay, (claims?: string) => RefreshFunction> = {
    grants: (claims) => refreshToken({ tokenEndpoint, clientId: 'app', ...(claims && { parameters: { claims } }) }),
    'own axios':
      (claims) =>
      async (tokens, { signal }) =>
        (await axios.post(tokenEndpoint, form(tokens?.refresh_token, claims), { signal })).data,
    'own fetch':
      (claims) =>
      async (tokens, { signal }) => {
        const response = await fetch(tokenEndpoint, { method: 'POST', body: form(tokens?.refresh_token, claims), signal })
        const body = await response.text()
        if (!response.ok) throw Object.assign(new Error('refresh failed'), { status: response.status, body })
        return JSON.parse(body)
      },
  }
  return make[way]
}

/** Runs `body` with an API that accepts only tokens with the claims, and with refresh tokens that can be used once. */
async function run(shape: ClaimsShape, way: ClaimsWay, body: (trial: Trial) => Promise<void>, asks = true): Promise<void> {
  const { status = 401, refused = interactionRequired, challenge } = shape
  const server: Trial['server'] = { mode: 'normal', served: 0, rejected: 0 }
  const requests: (string | undefined)[] = []
  let issued = 1
  const reused: unknown[] = []

  function answerTokenRequest(form: URLSearchParams): Answer {
    const claims = form.get('claims') ?? undefined
    requests.push(claims)
    if (form.get('refresh_token') !== `refresh-${issued}`) reused.push(form.get('refresh_token'))
    if (server.mode === 'down') return { status: 503, body: '' }
    if (server.mode === 'refused' && claims !== undefined) return refused
    issued++
    const access_token = `${claims === undefined ? 'plain' : 'strong'}-${issued}`
    return { body: { access_token, refresh_token: `refresh-${issued}`, token_type: 'Bearer', expires_in: 3600 } }
  }
  const { origin, close } = await serve((path, seen) => {
    if (path === '/token') return answerTokenRequest(new URLSearchParams(seen.body))
    const isStrong = /^Bearer strong/.test(seen.headers.authorization ?? '')
    server[isStrong ? 'served' : 'rejected']++
    return isStrong ? { body: { ok: true } } : { status, headers: { 'www-authenticate': challenge }, body: '' }
  })

  const prompts: StepUpDemand[] = []
  const handler = stepUp((demand) => {
    prompts.push(demand)
    return { access_token: 'strong-prompted', refresh_token: `refresh-${issued}`, expires_in: 3600 }
  })
  const api = axios.create({ baseURL: origin })
  const session = attachOAuth(api, memoryStore({ access_token: 'plain-1', refresh_token: 'refresh-1', expires_in: 3600 }), {
    retry: { delay: 1 },
    ...refreshWithClaims(createRefresh(way, `${origin}/token`), asks ? handler : undefined),
  })
  const events: string[] = []
  session.on('signed_out', ({ reason }) => events.push(`signed_out ${reason}`))
  const request = async (): Promise<string> => {
    try {
      return (await api.get<{ ok?: boolean }>('/me')).data.ok ? 'ok' : 'rejected by the API'
    } catch (error) {
      return isOAuthError(error) ? error.code : String((error as Error).message)
    }
  }
  try {
    await body({ shape, session, server, requests, prompts, events, request })
    expect('the events, and the refresh tokens that were sent twice', [events, reused], [[], []])
    expect('the status', session.getSnapshot().status, 'signed_in')
  } finally {
    session.detach()
    await close()
  }
}

const five = (request: () => Promise<string>): Promise<string[]> => Promise.all(Array.from({ length: 5 }, request))
const parsed = (claims: string | undefined): unknown => claims && (JSON.parse(claims) as unknown)

const checks: ShapeChecks<ClaimsShape, ClaimsWay> = {
  /** Five requests with the challenge lead to one refresh with the claims and no prompt; without claims, to one prompt. */
  'one refresh': (shape, way) =>
    run(shape, way, async ({ request, requests, prompts, server }) => {
      expect('the requests', await five(request), Array(5).fill('ok'))
      expect('the claims', requests.map(parsed), shape.claims === undefined ? [] : [parsed(shape.claims)])
      expect('prompts', prompts.length, shape.claims === undefined ? 1 : 0)
      expect('rejected, served', [server.rejected, server.served], [5, 5])
    }),

  /** An ordinary refresh carries no claims, also after a challenge. */
  'plain refreshes': (shape, way) =>
    run(shape, way, async ({ request, requests, session }) => {
      await session.refresh()
      expect('the request', await request(), 'ok')
      await session.refresh()
      expect('the claims of the ordinary refreshes', [requests[0], requests.at(-1)], [undefined, undefined])
    }),

  /** When the token endpoint refuses the claims, the handler is asked once for all, and the session goes on. */
  refused: (shape, way) =>
    run(shape, way, async ({ request, requests, prompts, server }) => {
      server.mode = 'refused'
      expect('the requests', await five(request), Array(5).fill('ok'))
      expect('token requests, prompts', [requests.length, prompts.length], [shape.claims === undefined ? 0 : 1, 1])
    }),

  /** Without a handler the caller gets the typed error, and the session goes on. */
  'no handler': (shape, way) =>
    run(
      shape,
      way,
      async ({ request, server }) => {
        server.mode = 'refused'
        expect('the request', await request(), 'OAUTH_STEP_UP_REQUIRED')
      },
      false,
    ),

  /** While the token endpoint is down, no user is prompted for what a refresh can do. */
  down: (shape, way) =>
    run(shape, way, async ({ request, prompts, server }) => {
      server.mode = 'down'
      const isPrompted = shape.claims === undefined
      expect('the request', await request(), isPrompted ? 'ok' : 'OAUTH_REFRESH_UNAVAILABLE')
      expect('prompts', prompts.length, isPrompted ? 1 : 0)
    }),
}

const encoded = (claims: string): string => Buffer.from(claims).toString('base64')
const notBefore = '{"access_token":{"nbf":{"essential":true, "value":"1702682181"}}}'
const authContext = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
const address = '{"access_token":{"nbf":{"essential":true,"value":"1610563006"},"xms_rp_ipaddr":{"value":"192.0.2.7"}}}'
const graph = 'Bearer realm="", authorization_uri="https://login.example.com/common/oauth2/authorize", client_id="app"'

/** Challenges for `refreshWithClaims`. */
export const claimsChallenges: ShapeTable<ClaimsShape, ClaimsWay> = {
  title: 'Challenges for claims or a stronger sign-in',
  ways: ['grants', 'own axios', 'own fetch'],
  checks,
  shapes: (
    [
      {
        name: 'Microsoft Graph: insufficient_claims, base64',
        challenge: `${graph}, error="insufficient_claims", claims="${encoded(notBefore)}"`,
        claims: notBefore,
      },
      {
        name: 'Microsoft: base64url without padding',
        challenge: `${graph}, error="insufficient_claims", claims="${Buffer.from(address).toString('base64url')}"`,
        claims: address,
      },
      {
        name: 'Azure Resource Manager: invalid_token with claims',
        challenge: `Bearer authorization_uri="https://login.example.com/", error="invalid_token", error_description="User session has been revoked", claims="${encoded(notBefore)}"`,
        claims: notBefore,
      },
      {
        name: 'Microsoft: an authentication context',
        challenge: `${graph}, error="insufficient_claims", cc_type="authcontext", claims="${encoded(authContext)}"`,
        claims: authContext,
      },
      {
        name: 'claims as JSON in a quoted string',
        challenge: `Bearer error="insufficient_claims", claims="${authContext.replaceAll('"', String.raw`\"`)}"`,
        claims: authContext,
      },
      {
        name: 'RFC 9470 with claims',
        challenge: `Bearer error="insufficient_user_authentication", claims="${encoded(authContext)}"`,
        claims: authContext,
      },
      {
        name: 'a challenge after another one',
        challenge: ['Negotiate', `PoP realm="x", Bearer error="insufficient_claims", claims="${encoded(notBefore)}"`],
        claims: notBefore,
      },
      {
        name: 'a 403 with claims',
        status: 403,
        challenge: `Bearer error="insufficient_claims", claims="${encoded(authContext)}"`,
        claims: authContext,
      },
      {
        name: 'a token endpoint that answers invalid_grant',
        challenge: `${graph}, error="insufficient_claims", claims="${encoded(notBefore)}"`,
        claims: notBefore,
        refused: { status: 400, body: { error: 'invalid_grant', error_description: 'AADSTS50173', suberror: 'bad_token' } },
      },
      {
        name: 'RFC 9470: acr_values',
        challenge: 'Bearer error="insufficient_user_authentication", acr_values="urn:example:gold"',
      },
      { name: 'RFC 9470: max_age', challenge: 'Bearer error="insufficient_user_authentication", max_age="5"' },
      { name: 'RFC 6750: insufficient_scope', status: 403, challenge: 'Bearer error="insufficient_scope", scope="mail"' },
    ] satisfies ClaimsShape[]
  ).map((shape): ClaimsShape => ({ how: '...refreshWithClaims(create, stepUp(handler))', ...shape })),
}
