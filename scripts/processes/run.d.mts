/** What a run came to: see `run.mjs`. */
export interface ProcessesFigures {
  processes: number
  seconds: number
  requests: number
  answers: Record<string, number>
  served: number
  rejected: number
  refreshGrants: number
  refreshTokensReused: number
  expiries: number
}
export function runProcesses(options: {
  store: string
  processes?: number
  seconds?: number
  server?: 'rotating' | 'oidc'
  lifetime?: number
}): Promise<ProcessesFigures>
