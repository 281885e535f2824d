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

export interface RotatingSettings {
  lifetime?: number
  tokenLatency?: number
  leeway?: number
  forgiving?: number
}

export interface RotatingServer {
  apiUrl: string
  tokenEndpoint: string
  mint(): Promise<{
    access_token: string
    refresh_token: string
    token_type: string
    expires_in: number
    expires_at: string
    scope: string
  }>
  counts(): Promise<{
    refreshGrants: number
    refreshed: number
    refreshTokensReused: number
    refused: number
    mostGrantsAtOnce: number
    requests: number
    served: number
    servedLate: number
    rejected: number
    rejectedForGood: number
  }>
  reuses(): Promise<{ first: string; again: string; successorSeen: boolean; firstEverUsed: boolean; againEverUsed: boolean }[]>
  hold(where: 'sent' | 'redeemed'): Promise<unknown>
  heard(): Promise<string>
  letGo(): Promise<unknown>
  refuseAccessTokens(): Promise<unknown>
  configure(settings: RotatingSettings): Promise<unknown>
  reset(): Promise<unknown>
  stop(): Promise<void>
}
export function startRotatingServer(settings?: RotatingSettings): Promise<RotatingServer>
