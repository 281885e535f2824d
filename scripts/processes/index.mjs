export { runKillRounds } from './rounds.mjs'
export { runProcesses } from './run.mjs'
export { runLateHolder, runSlowRefresh, runStopRound } from './stopped.mjs'
