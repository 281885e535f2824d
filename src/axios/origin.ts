import type { AxiosRequestConfig } from 'axios'
import { isLoopback } from '../loopback.js'

/** Is the token allowed to go where this request goes? */
export type OriginRule = (config: AxiosRequestConfig) => boolean

export interface OriginSettings {
  /** The allowed origins; otherwise the instance's `baseURL` decides. */
  readonly origins: readonly string[] | undefined
  /** The instance's `baseURL` at this moment. */
  readonly baseURL: () => string | undefined
  /** The address of the page, in a browser. */
  readonly page: () => string | undefined
  readonly allowInsecureHttp: boolean
}

// What axios takes for absolute: it is sent as it stands, without the baseURL.
const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i
// What is most often asked for: a path, which nothing can take for absolute.
const isPath = (url: string): boolean => url.startsWith('/') && url[1] !== '/'
// A base whose origin no path behind it can change.
const solidBase = /^https?:\/\/[^/?#\\@\s]+(\/|$)/i

/** `undefined` also where a scheme has none, such as `file:`. */
function originOf(url: string, base: string | undefined): string | undefined {
  try {
    const { origin } = new URL(url, base)
    return origin === 'null' ? undefined : origin
  } catch {
    return undefined
  }
}

/** May a token travel to this origin at all? Plain http may not, but to this machine itself. */
function isSafe(origin: string, allowInsecureHttp: boolean): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || (protocol === 'http:' && (allowInsecureHttp || isLoopback(hostname)))
}

/** Checks the `origins` option. Throws a `TypeError` that says what is wrong with it. */
function readOrigins(origins: readonly string[], allowInsecureHttp: boolean): Set<string> {
  if (!Array.isArray(origins) || origins.length === 0)
    throw new TypeError("origins must be a list with at least one origin, such as ['https://api.example.com']")
  return new Set(
    origins.map((text) => {
      const origin = originOf(text, undefined)
      if (origin === undefined)
        throw new TypeError(`origins: ${JSON.stringify(text)} is no origin; write it like https://api.example.com`)
      if (!isSafe(origin, allowInsecureHttp))
        throw new TypeError(
          `origins: ${origin} is plain http; use https, or set dangerouslyAllowInsecureHttp if tokens may travel unprotected`,
        )
      return origin
    }),
  )
}

/** The address that axios sends to: as its own `buildFullPath` puts it together. */
function fullPath({ url = '', baseURL, allowAbsoluteUrls }: AxiosRequestConfig): string {
  const target = String(url)
  if (!baseURL || (absolute.test(target) && allowAbsoluteUrls !== false)) return target
  return target ? `${baseURL.replace(/\/+$/, '')}/${target.replace(/^\/+/, '')}` : baseURL
}

/**
 * Makes the rule. What is judged is the config that goes to the wire. The verdict for a base is remembered: parsing each URL would cost
 * more than everything else that is done to a request. Throws a `TypeError` when there is nothing to allow.
 */
export function originRule(settings: OriginSettings): OriginRule {
  const { allowInsecureHttp } = settings
  const fixed = settings.origins && readOrigins(settings.origins, allowInsecureHttp)

  let seenBase: string | undefined
  let allowed: Set<string> = fixed ?? allowedBy(settings.baseURL())
  let knownBase: string | undefined
  let knownVerdict = false

  function allowedBy(baseURL: string | undefined): Set<string> {
    seenBase = baseURL
    const origin = originOf(baseURL ?? '', settings.page())
    return new Set(origin !== undefined && isSafe(origin, allowInsecureHttp) ? [origin] : [])
  }

  function isAllowed(path: string): boolean {
    const page = settings.page()
    const origin = originOf(path, page)
    if (origin === undefined) return false
    if (allowed.has(origin)) return true
    // A relative address in a browser goes to the page's own server.
    return (
      !fixed &&
      originOf(path, undefined) === undefined &&
      !/^[\\/]{2}/.test(path.trim()) &&
      origin === originOf('', page) &&
      isSafe(origin, allowInsecureHttp)
    )
  }

  if (!fixed && allowed.size === 0)
    throw new TypeError(
      'attachOAuth: tell which origins may get the token: create the instance with an absolute https baseURL, or pass the option origins, such as ["https://api.example.com"]. ' +
        'Plain http is for loopback only, unless dangerouslyAllowInsecureHttp is set.',
    )

  return (config) => {
    if (!fixed && settings.baseURL() !== seenBase) {
      allowed = allowedBy(settings.baseURL())
      knownBase = undefined
    }
    const { url, baseURL } = config
    const relative = typeof url !== 'string' ? url === undefined : isPath(url) || !absolute.test(url)
    if (!relative || !baseURL) {
      // Releases before 1.8 don't know allowAbsoluteUrls and send to the absolute address all the same.
      if (config.allowAbsoluteUrls === false && !isAllowed(String(url))) return false
      return isAllowed(fullPath(config))
    }
    if (baseURL === knownBase) return knownVerdict
    // Of three slashes at the end, some releases take off two and others all.
    if (!solidBase.test(baseURL)) return !baseURL.endsWith('///') && isAllowed(fullPath(config))
    knownBase = baseURL
    return (knownVerdict = isAllowed(baseURL))
  }
}
