import type { AxiosResponse } from 'axios'
import type { MakeGuard } from './carriers.js'
import type { Credential } from './credential.js'
import type { OriginRule } from './origin.js'

/**
 * Keeps the credential from following a redirect in Node. The http adapter leaves the header on for every name below the present one, which is another
 * origin all the same.
 */
export function redirectGuard(isAllowed: OriginRule): MakeGuard {
  return ({ credential, beforeRedirect }) =>
    (options, ...details) => {
      const headers = (options.headers ?? {}) as Record<string, unknown>
      if (credential && !isAllowed({ url: String(options.href) })) {
        const own = credential.name.toLowerCase()
        for (const name in headers) if (name.toLowerCase() === own) Reflect.deleteProperty(headers, name)
      }
      beforeRedirect?.(options, ...details)
    }
}

/** What tells, of Node's requests and of a browser's, where the response came from. */
interface LastRequest {
  getHeader?(name: string): unknown
  readonly responseURL?: string
}

/**
 * Does this response judge the token? Not when a redirect has led to where the token does not go, nor when another authorization was sent instead (a URL with
 * a password in it). The fetch adapter does not tell.
 */
export function answersToken({ request, config }: AxiosResponse, credential: Credential | undefined, isAllowed: OriginRule): boolean {
  const { getHeader, responseURL } = (request ?? {}) as LastRequest
  if (typeof getHeader === 'function') return getHeader.call(request, credential?.name ?? 'Authorization') === credential?.value
  // A mock may tell a relative address.
  return !responseURL || isAllowed({ ...config, url: responseURL })
}
