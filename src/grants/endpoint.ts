import { isLoopback } from '../loopback.js'

function parse(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}

/** Why no token may be sent to this address; `undefined` when it is allowed. */
export function objectionTo(address: unknown, allowInsecureHttp: boolean): string | undefined {
  const url = parse(String(address))
  if (!url) return 'must be an absolute URL'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && (allowInsecureHttp || isLoopback(url.hostname))) return undefined
  return 'must be https; plain http is for loopback only (dangerouslyAllowInsecureHttp lifts that)'
}
