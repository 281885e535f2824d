import type { AxiosInstance, AxiosResponse } from 'axios'
import type { Answer, Seen } from './provider.js'
import { serve, type Served } from './serve.js'
import type { Shape } from './shape-table.js'

/** A backend that keeps the tokens in HttpOnly cookies: what differs from the one in the recipe. */
export interface CookieShape extends Shape {
  /** The answer of the refresh endpoint besides the cookies. Default: `{ user, expires_in: 3600 }`. */
  readonly answer?: (user: string) => Answer
  /** The lifetime in seconds that the answer tells; `Infinity` when it tells none. Default: 3600. */
  readonly lifetime?: number
  /** Does the answer name the user? Default: `true`. */
  readonly namesUser?: boolean
  /** The answer of the refresh endpoint when the session is over. Default: an empty 401. */
  readonly ended?: Answer
  /** Default: a 503. */
  readonly overloaded?: Answer
  /** The answer of the API to cookies that it does not accept. Default: an empty 401. */
  readonly rejects?: Answer
  /** The statuses of `rejects` that `isExpired` names. */
  readonly isExpired?: readonly number[]
  /** `false`: the page has cookies, and no state is known. Default: `true`. */
  readonly isKnown?: boolean
}

/** The cookies of a browser, for requests with credentials. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  take(lines: readonly string[] | undefined): void {
    for (const [pair = ''] of (lines ?? []).map((line) => line.split(';'))) {
      const [name = '', value = ''] = pair.split('=')
      this.#cookies.set(name, value)
    }
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, { ...init, headers: { cookie: this.header } })
    this.take(response.headers.getSetCookie())
    return response
  }

  /** Sends the requests of an instance with the cookies, as a browser does for `withCredentials`. */
  attach(api: AxiosInstance, adapter: (config: never) => Promise<AxiosResponse>): void {
    const take = (response?: AxiosResponse): void => this.take(response?.headers['set-cookie'])
    api.defaults.adapter = async (config) => {
      if (config.withCredentials) config.headers.set('cookie', this.header)
      try {
        const response = await adapter(config as never)
        take(response)
        return response
      } catch (error) {
        take((error as { response?: AxiosResponse }).response)
        throw error
      }
    }
  }
}

const standardAnswer = (user: string): Answer => ({ body: { user, expires_in: 3600 } })

/** An API, a login and a refresh endpoint whose refresh cookies can be used once. */
export class CookieBackend {
  readonly #shape: CookieShape
  #served: Served | undefined
  #issued = 0
  /** The number of the access cookie that the API accepts. */
  #accepted = 0
  #user = 'ann'
  mode: 'normal' | 'ended' | 'overloaded' = 'normal'
  refreshes = 0
  rejected = 0
  /** The users of the requests that the API has answered. */
  readonly served: string[] = []
  /** Requests that no page would send. */
  readonly mistakes: string[] = []
  /** Holds the answers of the refresh endpoint. */
  held: Promise<void> | undefined

  constructor(shape: CookieShape) {
    this.#shape = shape
  }

  async listen(): Promise<string> {
    this.#served = await serve((path, seen) => this.#answer(path, seen))
    return this.#served.origin
  }

  async close(): Promise<void> {
    await this.#served?.close()
  }

  /** Signs a user in, as a login form does. Resolves with the new cookies. */
  login(user = this.#user): string[] {
    this.#user = user
    this.#issued++
    this.#accepted = this.#issued
    return [`access=${this.#issued}; HttpOnly`, `refresh=${this.#issued}; HttpOnly`]
  }

  /** The API accepts no access cookie until the next refresh. */
  expire(): void {
    this.#accepted = 0
  }

  async #answer(path: string, { headers }: Seen): Promise<Answer> {
    const cookies = new Map((headers.cookie ?? '').split('; ').map((pair) => pair.split('=') as [string, string]))
    if (headers.authorization) this.mistakes.push(`${path} has an Authorization header`)
    if (path === '/auth/refresh') return this.#refresh(cookies.get('refresh'))
    if (cookies.get('access') !== String(this.#accepted)) {
      this.rejected++
      return this.#shape.rejects ?? { status: 401, body: '' }
    }
    this.served.push(this.#user)
    return { body: { ok: true } }
  }

  async #refresh(cookie: string | undefined): Promise<Answer> {
    const { ended = { status: 401, body: '' }, overloaded = { status: 503, body: '' }, answer = standardAnswer } = this.#shape
    this.refreshes++
    if (cookie !== String(this.#issued)) this.mistakes.push(`refresh cookie ${cookie} after ${this.#issued}`)
    await this.held
    if (this.mode !== 'normal') return this.mode === 'ended' ? ended : overloaded
    const { status = 200, headers, body } = answer(this.#user)
    return { status, headers: { ...headers, 'set-cookie': this.login() }, body }
  }
}
