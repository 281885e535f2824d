import type { Transport } from './fetch.js'
import { exemptFromProxy, insecureRoute } from './insecure-route.js'
import { environmentVariables, isNode, nodeUsesProxyVariables } from './process-environment.js'
import { proxyInEnvironment, type Proxy } from './proxy.js'

function proxyFor(url: string): Proxy | undefined {
  const proxy = proxyInEnvironment(new URL(url), environmentVariables(), false)
  return proxy?.exempt ? undefined : proxy
}

/** A sentence about a proxy that fetch ignores; `undefined` when there is none. */
export function ignoredProxy(url: string): string | undefined {
  const proxy = isNode() && !nodeUsesProxyVariables() ? proxyFor(url) : undefined
  if (!proxy) return undefined
  return `${proxy.source} names a proxy, which Node's fetch ignores: to send token requests through it, pass axios: instance (with axios' http adapter).`
}

/** Throws if Node's fetch would send a plain-http request through a proxy. */
export function refuseProxiedHttp(url: string): void {
  const target = new URL(url)
  const proxy = target.protocol === 'http:' && nodeUsesProxyVariables() ? proxyFor(url) : undefined
  if (proxy) throw insecureRoute(proxy.source, exemptFromProxy(target))
}

/** The platform's `fetch`, looked up for each request. */
export function platformTransport(allowInsecureHttp: boolean): Transport {
  return {
    async fetch(url, init) {
      if (!allowInsecureHttp) refuseProxiedHttp(url)
      return globalThis.fetch(url, init)
    },
    hint: ignoredProxy,
  }
}
