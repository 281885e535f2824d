// Starts servers, each in a process of its own.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

async function start(name, args, env) {
  const program = fileURLToPath(new URL(name, import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => (complaints += chunk))
  const lines = createInterface({ input: child.stdout })
  const up = await new Promise((resolve, reject) => {
    lines.on('line', (line) => line.startsWith('{') && resolve(JSON.parse(line)))
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${complaints}`)))
  })
  const stop = () =>
    new Promise((resolve) => {
      child.once('exit', resolve)
      child.stdin.end()
      child.kill()
    })
  return { ...up, stop }
}

const ask = async (base, method, path, query = {}) =>
  (await fetch(`${base}${path}?${new URLSearchParams(query)}`, { method })).json()

/** `{ issuer, tokenEndpoint, apiUrl, mint, counts, seen, refuseAccessTokens, configure, reset, stop }` */
export async function startServers({ accessTokenLifetime = 3600, publicKey } = {}) {
  const env = {
    ACCESS_TOKEN_TTL: String(accessTokenLifetime),
    ...(publicKey && { PRIVATE_KEY_JWT_JWK: JSON.stringify(publicKey) }),
  }
  const authorization = await start('authorization-server.mjs', [], env)
  const resource = await start('api.mjs', [authorization.issuer], {})
  const { issuer, tokenEndpoint } = authorization
  const { apiUrl } = resource
  return {
    issuer,
    tokenEndpoint,
    apiUrl,
    /** A first token set. */
    mint: (client = 'public') => ask(issuer, 'POST', '/_mint', { client }),
    /** What the servers have counted. */
    counts: async () => ({ ...(await ask(issuer, 'GET', '/_counts')), ...(await ask(apiUrl, 'GET', '/_counts')) }),
    /** What the API has seen of the sendings of one request. */
    seen: (id) => ask(apiUrl, 'GET', '/_seen', { id }),
    /** Refuses every access token that was issued so far, while clients still believe in them. */
    refuseAccessTokens: () => ask(issuer, 'POST', '/_refuse-access-tokens'),
    /** `accessTokenLifetime` in seconds, `tokenLatency` and `apiLatency` in milliseconds. */
    async configure({ accessTokenLifetime: ttl, tokenLatency, apiLatency }) {
      const settings = {
        ...(ttl !== undefined && { accessTokenLifetime: ttl }),
        ...(tokenLatency !== undefined && { latency: tokenLatency }),
      }
      await ask(issuer, 'POST', '/_settings', settings)
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

/** A server for tokens that live `lifetime` milliseconds: `{ tokenEndpoint, apiUrl, mint, counts, reuses, hold, heard, letGo, refuseAccessTokens, configure, reset, stop }` */
export async function startRotatingServer({ lifetime = 200, ...settings } = {}) {
  const { apiUrl, tokenEndpoint, stop } = await start('rotating.mjs', [], {})
  const configure = (changed) => ask(apiUrl, 'POST', '/_settings', changed)
  await configure({ lifetime, ...settings })
  return {
    apiUrl,
    tokenEndpoint,
    /** A first token set, of a family of its own. */
    mint: () => ask(apiUrl, 'POST', '/_mint'),
    /** What the server has counted. */
    counts: () => ask(apiUrl, 'GET', '/_counts'),
    /**
     * Each reuse of a refresh token: `{ first, again, successorSeen, firstEverUsed, againEverUsed }`, two client ids, whether anything of the answer to the first one had been
     * used by then, and whether anything of either answer was ever used.
     */
    reuses: () => ask(apiUrl, 'GET', '/_reuses'),
    /** Holds up the next token request: where it is `sent` and nothing has happened yet, or where it is `redeemed` and only the answer is missing. */
    hold: (where) => ask(apiUrl, 'POST', '/_hold', { where }),
    /** Resolves when that request has come: with the id of its client. */
    heard: async () => (await ask(apiUrl, 'GET', '/_heard')).client,
    letGo: () => ask(apiUrl, 'POST', '/_let-go'),
    /** Refuses every access token that was issued so far, while clients still believe in them. */
    refuseAccessTokens: () => ask(apiUrl, 'POST', '/_refuse-access-tokens'),
    /**
     * Milliseconds: `lifetime`, `tokenLatency`, `apiLatency`, the `leeway` of the API. `failing`: the share of token requests that get 503. `forgiving: 1`: who uses a refresh token
     * twice is answered all the same.
     */
    configure,
    reset: () => ask(apiUrl, 'POST', '/_reset'),
    stop,
  }
}
