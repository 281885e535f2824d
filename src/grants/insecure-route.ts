import { TokenEndpointError } from './token-endpoint-error.js'

/** The error of a request that was not sent because a proxy would receive the request in the clear. */
export function insecureRoute(source: string, advice: string): TokenEndpointError {
  return new TokenEndpointError(
    `No request was sent: the proxy that ${source} names would receive it in the clear. ${advice} (dangerouslyAllowInsecureHttp lifts this.)`,
    { code: 'ERR_INSECURE_PROXY', isMisconfigured: true },
  )
}

/** Advice where plain http would go through a proxy. */
export const exemptFromProxy = ({ hostname }: URL): string => `Add ${hostname} to NO_PROXY.`
