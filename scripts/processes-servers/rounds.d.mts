export function runKillRounds(options: {
  store: string
  rounds?: number
  processes?: number
  lifetime?: number
  lease?: number
}): Promise<{
  rounds: number
  killedWhileRefreshing: number
  answersThatDied: number
  refreshGrants: number
  refreshTokensReused: number
}>
