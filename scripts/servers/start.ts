// Starts servers, each in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { programOf } from '../bundle.js'

interface Started {
  stop(): Promise<void>
}

async function start<Address>(name: string, args: string[], env: Record<string, string>): Promise<Address & Started> {
  const child = spawn(process.execPath, ['--no-warnings', await programOf(`servers/${name}.ts`), ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => (complaints += chunk))
  const lines = createInterface({ input: child.stdout })
  const address = await new Promise<Address>((resolve, reject) => {
    lines.on('line', (line) => line.startsWith('{') && resolve(JSON.parse(line) as Address))
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${complaints}`)))
  })
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.stdin.end()
    child.kill()
    await ended
  }
  return { ...address, stop }
}

const ask = async <Answer>(base: string, method: string, path: string, query: object = {}): Promise<Answer> => {
  const parameters = new URLSearchParams(query as Record<string, string>)
  return (await (await fetch(`${base}${path}?${parameters}`, { method })).json()) as Answer
}

export type MintedTokens = {
  access_token: string
  refresh_token: string
  token_type: string
  expires_in: number
  scope: string
}

export interface ServerCounts {
  tokenRequests: number
  refreshGrants: number
  refreshTokensReused: number
  introspections: number
  revocations: number
  requests: number
  rejected: number
  served: number
  intact: number
  sentMoreThanTwice: number
}

/** A real authorization server (oidc-provider) and an API. */
export interface Servers {
  issuer: string
  tokenEndpoint: string
  apiUrl: string
  /** A first token set. */
  mint(client?: string): Promise<MintedTokens>
  /** What both servers have counted. */
  counts(): Promise<ServerCounts>
  /** What the API has received of one request, one entry for each time that it was sent. */
  seen(id: string): Promise<{ status: number; sha256: string; contentType?: string; method: string }[]>
  /** Refuses every access token that was issued so far, while clients still take it for valid. */
  refuseAccessTokens(): Promise<unknown>
  /** `accessTokenLifetime` in seconds, `tokenLatency` and `apiLatency` in milliseconds. */
  configure(settings: { accessTokenLifetime?: number; tokenLatency?: number; apiLatency?: number }): Promise<void>
  reset(): Promise<void>
  stop(): Promise<void>
}

export async function startServers({
  accessTokenLifetime = 3600,
  publicKey,
}: { accessTokenLifetime?: number; publicKey?: object } = {}): Promise<Servers> {
  const authorization = await start<{ issuer: string; tokenEndpoint: string }>('authorization-server', [], {
    ACCESS_TOKEN_TTL: String(accessTokenLifetime),
    ...(publicKey && { PRIVATE_KEY_JWT_JWK: JSON.stringify(publicKey) }),
  })
  const { issuer, tokenEndpoint } = authorization
  const resource = await start<{ apiUrl: string }>('api', [issuer], {})
  const { apiUrl } = resource
  return {
    issuer,
    tokenEndpoint,
    apiUrl,
    mint: (client = 'public') => ask(issuer, 'POST', '/_mint', { client }),
    counts: async () => ({
      ...(await ask<ServerCounts>(issuer, 'GET', '/_counts')),
      ...(await ask<ServerCounts>(apiUrl, 'GET', '/_counts')),
    }),
    seen: (id) => ask(apiUrl, 'GET', '/_seen', { id }),
    refuseAccessTokens: () => ask(issuer, 'POST', '/_refuse-access-tokens'),
    async configure({ accessTokenLifetime: lifetime, tokenLatency, apiLatency }) {
      await ask(issuer, 'POST', '/_settings', {
        ...(lifetime !== undefined && { accessTokenLifetime: lifetime }),
        ...(tokenLatency !== undefined && { latency: tokenLatency }),
      })
      if (apiLatency !== undefined) await ask(apiUrl, 'POST', '/_settings', { latency: apiLatency })
    },
    async reset() {
      await Promise.all([ask(issuer, 'POST', '/_reset'), ask(apiUrl, 'POST', '/_reset')])
    },
    async stop() {
      await Promise.all([authorization.stop(), resource.stop()])
    },
  }
}

/** Times are milliseconds. */
export interface RotatingSettings {
  /** How long an access token is valid. */
  lifetime?: number
  tokenLatency?: number
  apiLatency?: number
  /** How long after its expiry the API still accepts an access token. */
  leeway?: number
  /** The share of token requests that are answered with 503. */
  failing?: number
  /** 1: a refresh token that is used twice is answered all the same. */
  forgiving?: number
}

export interface RotatingCounts {
  refreshGrants: number
  refreshed: number
  refused: number
  unavailable: number
  refreshTokensReused: number
  mostGrantsAtOnce: number
  requests: number
  served: number
  servedLate: number
  rejected: number
  rejectedForGood: number
}

/** One reuse of a refresh token: two client ids, and which of the two answers was ever used. */
export interface Reuse {
  first: string
  again: string
  /** The answer to the first had been used before the second came. */
  successorSeen: boolean
  firstEverUsed: boolean
  againEverUsed: boolean
}

/** An authorization server and an API for tokens that live milliseconds. */
export interface RotatingServer {
  apiUrl: string
  tokenEndpoint: string
  /** A first token set of a new grant. */
  mint(): Promise<MintedTokens & { expires_at: string }>
  counts(): Promise<RotatingCounts>
  reuses(): Promise<Reuse[]>
  /** Stops the next token request: where it is `sent` and nothing has happened yet, or where it is `redeemed` and only the answer is missing. */
  hold(where: 'sent' | 'redeemed'): Promise<unknown>
  /** Resolves with the client id of that request when it has come. */
  heard(): Promise<string>
  releaseAnswers(): Promise<unknown>
  /** Refuses every access token that was issued so far, while clients still take it for valid. */
  refuseAccessTokens(): Promise<unknown>
  configure(settings: RotatingSettings): Promise<unknown>
  reset(): Promise<unknown>
  stop(): Promise<void>
}

export async function startRotatingServer({ lifetime = 200, ...settings }: RotatingSettings = {}): Promise<RotatingServer> {
  const { apiUrl, tokenEndpoint, stop } = await start<{ apiUrl: string; tokenEndpoint: string }>('rotating', [], {})
  const configure = (changed: RotatingSettings): Promise<unknown> => ask(apiUrl, 'POST', '/_settings', changed)
  await configure({ lifetime, ...settings })
  return {
    apiUrl,
    tokenEndpoint,
    mint: () => ask(apiUrl, 'POST', '/_mint'),
    counts: () => ask(apiUrl, 'GET', '/_counts'),
    reuses: () => ask(apiUrl, 'GET', '/_reuses'),
    hold: (where) => ask(apiUrl, 'POST', '/_hold', { where }),
    heard: async () => (await ask<{ client: string }>(apiUrl, 'GET', '/_heard')).client,
    releaseAnswers: () => ask(apiUrl, 'POST', '/_release-answers'),
    refuseAccessTokens: () => ask(apiUrl, 'POST', '/_refuse-access-tokens'),
    configure,
    reset: () => ask(apiUrl, 'POST', '/_reset'),
    stop,
  }
}
