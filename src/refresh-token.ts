import type { RefreshFunction, TokenResponse } from './types.js'

/** Options of the `refreshToken` of `axios-attach-oauth/refresh-token`. */
export interface RefreshTokenOptions {
  /** The token endpoint (RFC 6749 §3.2): https, or http on loopback. */
  tokenEndpoint: string
  /** The client identifier of a public client (RFC 6749 §2.2). */
  clientId: string
  /** The scope to request (RFC 6749 §6). Default: none is sent. */
  scope?: string | undefined
  /** Further parameters of the token request. Default: none. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** Sends the token request. Default: the platform's `fetch`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
}

type Members = Record<string, unknown>

/** The largest answer that is read, in characters. */
const LIMIT = 1_000_000

// React Native's `URL` has no readable members, so the check uses the text.
const secure = /^https:\/\/|^http:\/\/(localhost|127\.[\d.]+|\[::1])(:\d+)?([/?#]|$)/i

/** Of `errors.ts`: the message holds no secret, so that the session quotes it. */
const safe = Symbol.for('axios-attach-oauth.safe')

/** An error with the shape of `TokenEndpointError` in `axios-attach-oauth/grants`. Members that may hold secrets are non-enumerable. */
function failure(message: string, known: Members, headers?: Headers, body?: Members | string, isMisconfigured?: boolean): Error {
  const error = Object.assign(new Error(`The token endpoint ${message}.`), known)
  const hidden: Members = {
    name: 'TokenEndpointError',
    isTokenEndpointError: true,
    headers,
    body,
    isMisconfigured,
    error_description: (body as Members | undefined)?.error_description,
  }
  for (const name in hidden) Object.defineProperty(error, name, { value: hidden[name] })
  return Object.defineProperty(error, safe, { value: true })
}

/** Throws the typed error. Of the underlying failure it keeps only code and system call; the rest may quote the request. */
function unreachable(failed?: { cause?: Members } & Members): never {
  const { code, syscall } = failed?.cause ?? failed ?? {}
  const [safe] = /^[A-Z]\w+$/.exec(`${code}`) ?? []
  throw failure('could not be reached, or the connection broke', { code: safe, syscall: safe && syscall })
}

/** Reads an answer up to the limit. React Native has no streams, so the limit is checked afterwards. */
async function read(response: Response): Promise<string> {
  const reader = response.body?.getReader?.()
  if (!reader) return response.text()
  const decoder = new TextDecoder()
  let text = ''
  while (text.length <= LIMIT) {
    const { done, value } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
  }
  reader.cancel().catch(() => undefined)
  return text
}

/** Parses JSON or a form (GitHub). Returns other text unchanged. */
function parse(text: string): Members | string {
  // `trim` also removes a byte order mark.
  const trimmed = text.trim()
  try {
    return JSON.parse(trimmed) as Members
  } catch {
    return /^\w+=[^\s<]*$/.test(trimmed) ? Object.fromEntries(new URLSearchParams(trimmed)) : trimmed
  }
}

async function readAnswer(response: Response): Promise<TokenResponse> {
  const { status, ok, headers } = response
  const known = { status, retryAfter: headers.get('retry-after') ?? undefined }
  // A browser shows a redirect that it does not follow as status 0.
  if (!status || (status > 299 && status < 400))
    throw failure('redirects, which is not followed: use its final address', known, headers, undefined, !known.retryAfter)
  const text = await read(response).catch(unreachable)
  if (text.length > LIMIT) throw failure('sent more than 1 MB', known, headers)
  const answer = parse(text)
  const body = answer as Members | undefined
  // A new refresh token must reach the session even if the rest of the answer is unusable.
  if (ok && (body?.access_token || (body?.refresh_token && !body.error))) return body as TokenResponse
  const [error] = /^[\w.-]{1,64}$/.exec(`${body?.error ?? ''}`) ?? []
  throw failure(`answered ${status} with ${error ? `the error ${error}` : 'no token'}`, { ...known, error }, headers, answer)
}

/**
 * Refreshes the tokens of a public client with the refresh token (RFC 6749 §6), for browsers and React Native. Contains no
 * library code. `refreshToken` of `axios-attach-oauth/grants` accepts the same options and also authenticates clients, discovers
 * endpoints and revokes tokens.
 *
 * Throws a `TypeError` that names the invalid option. The returned function rejects with an error that has the shape of
 * `TokenEndpointError`: `status`, `error` (RFC 6749 §5.2), `retryAfter` and `code`. It does not follow redirects and reads
 * answers of at most 1 MB. The session limits the time.
 *
 * @example
 * attachOAuth(api, webStore(), { refresh: refreshToken({ tokenEndpoint: 'https://login.example.com/token', clientId: 'app' }) })
 */
export function refreshToken(options: RefreshTokenOptions): RefreshFunction {
  const {
    tokenEndpoint,
    clientId,
    scope = '',
    parameters,
    fetch: send = (url, init) => fetch(url, init),
    ...unknown
  } = (options ?? {}) as RefreshTokenOptions
  const [wrong] = [
    ...Object.keys(unknown),
    secure.test(tokenEndpoint) || 'tokenEndpoint',
    (clientId && typeof clientId === 'string') || 'clientId',
    typeof scope === 'string' || 'scope',
    typeof send === 'function' || 'fetch',
  ].filter((name) => typeof name === 'string')
  if (wrong !== undefined) {
    const error = new TypeError(`refreshToken: the option ${wrong} is wrong or unknown`)
    // A session whose refresh function throws it reports a wrong setting.
    throw Object.defineProperties(error, { [safe]: { value: true }, isMisconfigured: { value: true } })
  }

  const refresh: RefreshFunction = async (tokens, { signal, reportDate }) => {
    const refresh_token = tokens?.refresh_token ?? ''
    const form = { ...parameters, grant_type: 'refresh_token', refresh_token, client_id: clientId, ...(scope && { scope }) }
    const response = await send(tokenEndpoint, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      // `URLSearchParams` in older React Native does not encode.
      body: Object.entries(form)
        .map((pair) => pair.map(encodeURIComponent).join('='))
        .join('&'),
      redirect: 'manual',
      signal,
    }).catch(unreachable)
    reportDate(response.headers.get('date'))
    return readAnswer(response)
  }
  return Object.assign(refresh, { needsRefreshToken: true })
}
