import type { StoreName } from '../stores/index.mjs'

/** How requests were answered, by status or by the code of the error. */
export type Answers = Record<string, number>

/** What a run came to: see `run.mjs`. */
export interface ProcessesFigures {
  processes: number
  seconds: number
  requests: number
  answers: Answers
  served: number
  rejected: number
  rejectedForGood: number
  refreshGrants: number
  refreshTokensReused: number
  mostGrantsAtOnce: number
  expiries: number
}
export function runProcesses(options: {
  store: StoreName
  processes?: number
  seconds?: number
  server?: 'rotating' | 'oidc'
  lifetime?: number
  tokenLatency?: number
  lease?: number
  trouble?: 'crash' | 'shut-down' | 'forget' | 'hang'
  times?: number
}): Promise<ProcessesFigures>

/** What the rounds came to: see `rounds.mjs`. */
export interface RoundsFigures {
  rounds: number
  killedHoldingTheLock: number
  answersThatDied: number
  refreshGrants: number
  refreshTokensReused: number
  leftovers: string[]
  answers: Answers
}
export function runKillRounds(options: {
  store: StoreName
  rounds?: number
  processes?: number
  lifetime?: number
  lease?: number
  onRound?: (figures: RoundsFigures) => void
}): Promise<RoundsFigures>

/** What came of a holder that was held up: see `stopped.mjs`. */
export interface HeldFigures {
  refreshGrants: number
  refreshTokensReused: number
  mostGrantsAtOnce: number
  reuses: { first: Role; again: Role; used: Role[] }[]
  leftovers: string[]
  answers: Answers
  answersOfHeld: Answers
}
export type Role = 'the one held up' | 'another'
export interface HoldOptions {
  store: StoreName
  seconds?: number
  processes?: number
  lease?: number
}
export function runSlowRefresh(options: HoldOptions): Promise<HeldFigures>
export function runStopRound(options: HoldOptions): Promise<HeldFigures>
export function runLateHolder(options: {
  store: StoreName
  when: 'lock' | 'sent' | 'redeemed'
  forgiving?: boolean
  processes?: number
  lease?: number
}): Promise<HeldFigures & { kept: boolean }>
