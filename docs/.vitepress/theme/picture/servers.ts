import axios, { AxiosError, type AxiosAdapter, type AxiosResponse } from 'axios'
import type { Journal } from './journal.js'
import type { Settings } from './settings.js'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The number of a token: `token-2` → 2. */
const numberOf = (token: unknown): number => Number(/-(\d+)$/.exec(String(token))?.[1])

const indexOf = (url: string | undefined): number => Number(/\d+$/.exec(url ?? '')?.[0])

/** The API and the authorization server, both in this page. Refresh tokens rotate: each is accepted once. */
export class PretendServers {
  readonly #settings: Settings
  readonly #journal: Journal
  /** The number of the newest token set. */
  #issued = 1
  readonly #used = new Set<number>()

  constructor(settings: Settings, journal: Journal) {
    this.#settings = settings
    this.#journal = journal
  }

  /** An axios adapter that plays the API: it accepts the newest token. */
  readonly api: AxiosAdapter = async (config) => {
    const index = indexOf(config.url)
    const journal = this.#journal
    const token = numberOf(config.headers.get('Authorization'))
    const isSecond = journal.rows[index]?.spans.some(({ kind }) => kind === 'sent') ?? false
    const kind = isSecond ? 'resent' : 'sent'
    journal.begin(index, kind)
    journal.note(index, isSecond ? `is sent again with token ${token}` : `is sent with token ${token}`)
    // Between 150 and 450 ms, the same for each run.
    await pause(150 + ((index * 137) % 300))
    const status = this.#accepts(token) ? 200 : 401
    journal.end(index, kind, status)
    journal.note(index, status === 200 ? 'the API answers 200' : `the API answers 401: token ${token} has expired`)
    const response: AxiosResponse = { data: { index }, status, statusText: '', headers: {}, config, request: undefined }
    if (config.validateStatus?.(status)) return response
    throw new AxiosError('the API has answered 401', AxiosError.ERR_BAD_REQUEST, config, undefined, response)
  }

  /** A `fetch` that plays the token endpoint for one tab. */
  tokenEndpoint(tab: number): (url: string, init: RequestInit) => Promise<Response> {
    return async (_url, { body }) => {
      const journal = this.#journal
      const call = { tab, from: journal.now }
      journal.calls.push(call)
      await pause(this.#settings.latency)
      const response = this.#answer(numberOf(new URLSearchParams(String(body)).get('refresh_token')))
      Object.assign(call, { to: journal.now, status: response.status })
      return response
    }
  }

  /** The newest token, or the first one while it has not expired. */
  #accepts(token: number): boolean {
    return token === 1 ? this.#settings.expiry === 'soon' : token === this.#issued
  }

  #answer(refreshToken: number): Response {
    const answer = (status: number, body: object): Response => new Response(JSON.stringify(body), { status })
    if (this.#settings.answer === 'unavailable') return answer(503, {})
    if (this.#used.has(refreshToken)) this.#journal.reused++
    if (this.#settings.answer === 'ended' || this.#used.has(refreshToken)) return answer(400, { error: 'invalid_grant' })
    this.#used.add(refreshToken)
    this.#issued++
    return answer(200, {
      access_token: `token-${this.#issued}`,
      refresh_token: `refresh-${this.#issued}`,
      token_type: 'Bearer',
      expires_in: 3600,
    })
  }
}

export { axios, pause }
