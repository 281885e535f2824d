import type * as node from './node-only.js'

// In a browser the platform itself follows redirects, chooses proxies and sends forms, and no body is a stream of Node.

const nothing = (): undefined => undefined

export const keepMultipart: typeof node.keepMultipart = nothing
export const nodeHeaderReader: typeof node.nodeHeaderReader = nothing
export const isOnSocket: typeof node.isOnSocket = () => false
export const whileReadable: typeof node.whileReadable = (result) => result
export const laterSigns: typeof node.laterSigns = []
export const routeRule: typeof node.routeRule = () => nothing
export const redirectGuard: typeof node.redirectGuard = () => ({
  wrap:
    (callers) =>
    (...details) =>
      callers?.(...details),
  prepareTransport: nothing,
})
