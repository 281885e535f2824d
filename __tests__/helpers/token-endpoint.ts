import type { Fetch, FetchInit } from '../../src/grants/index.js'
import type { RefreshFunction, AnyTokenResponse, TokenSet } from '../../src/index.js'

/** A request as it would have gone out. */
export interface Sent extends Omit<FetchInit, 'body'> {
  url: string
  body: URLSearchParams
}

/** A `fetch` that sends nothing: it notes what it was asked for, and answers what the test says. */
export function fakeFetch(answer: (sent: Sent) => Response | Promise<Response> = () => issued()): { fetch: Fetch; sent: Sent[] } {
  const sent: Sent[] = []
  return {
    sent,
    fetch: async (url, { body, ...init }) => {
      const request = { ...init, url, body: new URLSearchParams(body) }
      sent.push(request)
      return answer(request)
    },
  }
}

/** A successful answer of a token endpoint (RFC 6749 §5.1). */
export const issued = (headers: Record<string, string> = {}): Response =>
  Response.json({ access_token: 'made-up-access', token_type: 'Bearer', expires_in: 3600 }, { headers })

export const stored: TokenSet = {
  access_token: 'made-up-stored-access',
  token_type: 'Bearer',
  refresh_token: 'made-up-stored-refresh',
}

/** Calls a refresh function as a session does. */
export async function call(
  refresh: RefreshFunction,
  { tokens = stored, signal = new AbortController().signal, reportDate = () => undefined }: Partial<CallOptions> = {},
): Promise<AnyTokenResponse> {
  const response = await refresh(tokens, { signal, reportDate, reason: 'expired' })
  if (!response) throw new Error('The refresh function says that the session is over')
  return response
}

interface CallOptions {
  tokens: TokenSet
  signal: AbortSignal
  reportDate: (date: string | null | undefined) => void
}

/** Calls the function that revokes, as a session does. */
export async function revoke(refresh: RefreshFunction, tokens = stored, signal = new AbortController().signal): Promise<void> {
  await refresh.revoke?.(tokens, { signal })
}

/** A `fetch` without an answer: it rejects when the signal is aborted. */
export const noAnswer = ({ signal }: Sent): Promise<never> =>
  new Promise((_, reject) => {
    const leave = (): void => reject(signal?.reason as Error)
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave)
  })
