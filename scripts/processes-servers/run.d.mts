export function runProcesses(options: {
  store: string
  processes?: number
  seconds?: number
  lifetime?: number
  server?: string
  lease?: number
  restarts?: number
  tokenLatency?: number
}): Promise<{
  refreshGrants: number
  refreshTokensReused: number
  answers: Record<string, number>
  expiries: number
}>
