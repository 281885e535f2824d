// The parts of oidc-provider that these servers use: the package has no types of its own.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface Context {
    path: string
    method: string
    status: number
    body?: { active?: boolean }
    oidc?: {
      params?: Record<string, string>
      entities?: { RefreshToken?: { consumed?: number } }
    }
  }
  interface StoredToken {
    save(): Promise<string>
  }
  export class Provider {
    constructor(issuer: string, configuration: object)
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void
    on(event: string, listener: (token: { jti: string }) => void): void
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    readonly Client: { find(id: string): Promise<object | undefined> }
    readonly Grant: new (properties: object) => StoredToken & { addOIDCScope(scope: string): void }
    readonly RefreshToken: new (properties: object) => StoredToken
    readonly AccessToken: new (properties: object) => StoredToken
  }
}
declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  const MemoryAdapter: new (model: string, storage: object) => object
  export default MemoryAdapter
}
declare module 'oidc-provider/lib/helpers/lru.js' {
  const LRU: new (options: { maxSize: number }) => object
  export default LRU
}
