/** What the rounds came to: see `rounds.mjs`. */
export interface RoundsFigures {
  rounds: number
  killedHoldingTheLock: number
  answersThatDied: number
  refreshGrants: number
  refreshTokensReused: number
  leftovers: string[]
  answers: Record<string, number>
}
export function runKillRounds(options: {
  store: string
  rounds?: number
  processes?: number
  lifetime?: number
  onRound?: (figures: RoundsFigures) => void
}): Promise<RoundsFigures>
export function runStopRound(options: { store: string; seconds?: number; processes?: number; lifetime?: number }): Promise<{
  seconds: number
  refreshTokensReused: number
  mostGrantsAtOnce: number
  leftovers: string[]
  answers: Record<string, number>
}>
