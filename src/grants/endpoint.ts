import { isLoopback } from '../loopback.js'

/** Why tokens may not be sent to this address; `undefined` when they may. */
export function objectionTo(address: unknown, allowInsecureHttp: boolean): string | undefined {
  if (!URL.canParse(String(address))) return 'must be an absolute URL'
  const { protocol, hostname } = new URL(String(address))
  if (protocol === 'https:') return undefined
  if (protocol === 'http:' && (allowInsecureHttp || isLoopback(hostname))) return undefined
  return 'must be https; plain http is for this machine only (dangerouslyAllowInsecureHttp lifts that)'
}
