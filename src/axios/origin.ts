import type { AxiosRequestConfig } from 'axios'
import { isLoopback } from '../loopback.js'

/**
 * May the token be sent to this request's origin? `nothing-allowed`: no origin is allowed at all, for instance because the
 * `baseURL` is relative on a rendering server.
 */
export type OriginVerdict = 'allowed' | 'refused' | 'nothing-allowed'
export type OriginRule = (config: AxiosRequestConfig) => OriginVerdict

export interface OriginSettings {
  /** The allowed origins. Default: the origin of the instance's `baseURL`. */
  readonly origins: readonly string[] | undefined
  /** The instance's present `baseURL`. */
  readonly baseURL: () => string | undefined
  /** The address of the page, in a browser. */
  readonly page: () => string | undefined
  /** The address against which the platform resolves relative URLs: `document.baseURI` in a page. */
  readonly base: () => string | undefined
  readonly allowInsecureHttp: boolean
  /** Can axios send to an absolute address in spite of `allowAbsoluteUrls: false`? */
  readonly ignoresAllowAbsoluteUrls?: boolean
}

/** The advice for a request that gets `nothing-allowed`. */
export const nothingAllowed =
  'Tell which origins may get the token: by an absolute https baseURL, or the option origins, such as ["https://api.example.com"]. ' +
  'Plain http is for loopback only, unless dangerouslyAllowInsecureHttp is set.'

// URLs that axios considers absolute and sends without the baseURL.
const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i
const SLASH = 47
// The usual request: a path that no platform treats as absolute.
export const isPath = (url: string): boolean => url.charCodeAt(0) === SLASH && url.charCodeAt(1) !== SLASH
// Bases whose origin no appended path can change: an absolute URL, and a path on the page's server.
const solidBase = /^https?:\/\/[^/?#\\@\s]+(\/|$)/i
const solidPath = /^\/[\w-]/
const plainAddress = /^(https?):\/\/([a-z\d.-]+)(?::(\d+))?(?=[/?#]|$)/i

/** Is the platform's `URL` complete? That of React Native includes userinfo in the origin or lacks `origin`. */
function hasURL(): boolean {
  try {
    return new URL('http://a@b').origin === 'http://b'
  } catch {
    return false
  }
}

/**
 * The origin of a URL; `undefined` for a scheme without one, such as `file:`. Where `URL` is incomplete, only an absolute address
 * of a plain name or number has an origin.
 */
export function originOf(url: string, base?: string): string | undefined {
  if (!hasURL()) {
    const [, scheme, host, port] = plainAddress.exec(url) ?? []
    const usual = scheme?.length === 5 ? '443' : '80'
    return scheme && `${scheme}://${host}${port && port !== usual ? `:${port}` : ''}`.toLowerCase()
  }
  try {
    const { origin } = new URL(url, base)
    return origin === 'null' ? undefined : origin
  } catch {
    return undefined
  }
}

/** May a token travel to this origin at all? Plain http may not, except to this machine itself. */
function isSafe(origin: string, allowInsecureHttp: boolean): boolean {
  const [, scheme, hostname = ''] = /^(https?):\/\/(.*?)(?::\d+)?$/.exec(origin) ?? []
  return scheme === 'https' || (scheme === 'http' && (allowInsecureHttp || isLoopback(hostname)))
}

/** Checks the `origins` option. Throws a `TypeError` that suggests a valid value. */
function readOrigins(origins: readonly string[], allowInsecureHttp: boolean): Set<string> {
  if (!Array.isArray(origins) || origins.length === 0)
    throw new TypeError("attachOAuth: origins must be a list with at least one origin, such as ['https://api.example.com']")
  const refuse = (text: string, advice: string): never => {
    throw new TypeError(`attachOAuth: origins: ${JSON.stringify(text)} ${advice}`)
  }
  return new Set(
    (origins as string[]).map((text) => {
      const origin = typeof text === 'string' && /^https?:/i.test(text) ? originOf(text) : undefined
      if (origin === undefined) return refuse(text, 'is not an origin; write it like https://api.example.com')
      if (text.includes('*')) return refuse(text, 'has a wildcard; name each origin, such as https://api.example.com')
      if (!/^https?:\/\/[^/?#@\\\s]+\/?$/i.test(text)) return refuse(text, `is more than an origin; write ${origin}`)
      if (!isSafe(origin, allowInsecureHttp)) return refuse(text, 'is plain http; use https, or set dangerouslyAllowInsecureHttp')
      return origin
    }),
  )
}

/** The address that axios sends to, built as its own `buildFullPath` does. */
export function fullPath({ url = '', baseURL, allowAbsoluteUrls }: AxiosRequestConfig): string {
  const target = String(url)
  if (!baseURL || (absolute.test(target) && allowAbsoluteUrls !== false)) return target
  return target ? `${baseURL.replace(/\/+$/, '')}/${target.replace(/^\/+/, '')}` : baseURL
}

/**
 * Makes the function that decides whether the token may be sent to the origin of a final config. The verdict for a base is
 * cached: parsing each URL would cost more than all other work on a request.
 *
 * Throws a `TypeError` when `origins` is invalid, or when the `baseURL` is absolute and no token may be sent there.
 */
export function originRule(settings: OriginSettings): OriginRule {
  const { allowInsecureHttp } = settings
  const fixed = settings.origins && readOrigins(settings.origins, allowInsecureHttp)

  let allowed = fixed ?? new Set<string>()
  /** The instance's `baseURL` and the page's base address for which `allowed` and the known verdict hold. */
  let seenBaseURL: string | undefined
  let seenPageBase: string | undefined
  /** The base of the last request, and its verdict. */
  let knownBase: string | undefined
  let knownVerdict: OriginVerdict = 'refused'

  const resolvedOrigin = (path: string): string | undefined => originOf(path, settings.base() ?? settings.page())

  /** The origin of an address that need not be named: any of an absolute address, of a relative one the page's own. */
  function usualOrigin(address: string): string | undefined {
    const origin = originOf(address)
    const resolved = origin ?? resolvedOrigin(address)
    const isOwn = resolved === originOf(settings.page() ?? '') && resolved === resolvedOrigin('')
    return resolved !== undefined && (origin !== undefined || isOwn) && isSafe(resolved, allowInsecureHttp) ? resolved : undefined
  }

  /** Forgets what depends on an address that has changed. */
  function update(): void {
    const pageBase = settings.base()
    const baseURL = fixed ? undefined : settings.baseURL()
    if (pageBase === seenPageBase && baseURL === seenBaseURL) return
    seenPageBase = pageBase
    seenBaseURL = baseURL
    knownBase = undefined
    if (fixed) return
    const origin = usualOrigin(baseURL ?? '')
    allowed = new Set(origin === undefined ? [] : [origin])
  }

  function judge(path: string): OriginVerdict {
    const origin = resolvedOrigin(path)
    if (origin !== undefined && allowed.has(origin)) return 'allowed'
    // In a browser a relative address goes to the page's own server.
    const isRelative = !fixed && originOf(path) === undefined && !/^[\\/]{2}/.test(path.trim())
    if (isRelative && usualOrigin(path) !== undefined) return 'allowed'
    return allowed.size === 0 ? 'nothing-allowed' : 'refused'
  }

  update()
  if (originOf(seenBaseURL ?? '') !== undefined && allowed.size === 0) throw new TypeError(`attachOAuth: ${nothingAllowed}`)

  return (config) => {
    const { url, baseURL } = config
    const isRelative = typeof url !== 'string' ? url === undefined : isPath(url) || !absolute.test(url)
    update()
    if (isRelative && baseURL) {
      if (baseURL === knownBase) return knownVerdict
      if (solidBase.test(baseURL) || solidPath.test(baseURL)) {
        knownVerdict = judge(baseURL)
        knownBase = baseURL
        return knownVerdict
      }
      // Of three trailing slashes, some releases remove two and others all.
      if (baseURL.endsWith('///')) return 'refused'
    }
    const verdict = judge(fullPath(config))
    const mayBeIgnored = settings.ignoresAllowAbsoluteUrls && config.allowAbsoluteUrls === false && !isRelative
    return mayBeIgnored && verdict === 'allowed' ? judge(String(url)) : verdict
  }
}
