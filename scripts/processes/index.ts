export { runKillRounds } from './kill-rounds.js'
export { runProcesses } from './run.js'
export { runLateHolder, runSlowRefresh, runStopRound } from './stopped.js'
