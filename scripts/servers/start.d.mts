export interface Servers {
  issuer: string
  tokenEndpoint: string
  apiUrl: string
  mint(
    client?: string,
  ): Promise<{ access_token: string; refresh_token: string; token_type: string; expires_in: number; scope: string }>
  counts(): Promise<{
    tokenRequests: number
    refreshGrants: number
    refreshTokensReused: number
    introspections: number
    revocations: number
    requests: number
    rejected: number
    served: number
    intact: number
    sentMoreThanTwice: number
  }>
  seen(id: string): Promise<{ status: number; sha256: string; contentType?: string; method: string }[]>
  refuseAccessTokens(): Promise<unknown>
  configure(settings: { accessTokenLifetime?: number; tokenLatency?: number; apiLatency?: number }): Promise<void>
  reset(): Promise<void>
  stop(): Promise<void>
}
export function startServers(options?: { accessTokenLifetime?: number; publicKey?: object }): Promise<Servers>
