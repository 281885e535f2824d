import { fork, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { workerFile } from './bundle.js'
import { HEARTBEAT, type Answer, type Order } from './exchange.js'

/** A process after so many runs is replaced. */
const MOST_RUNS = 200

/** Runs the tests of a program in a process that is replaced when a run leaves something behind. */
export class Worker {
  readonly #program: string
  #child: ChildProcess | undefined
  #runs = 0

  constructor(program: string) {
    this.#program = program
  }

  #start(): ChildProcess {
    const child = fork(workerFile, [this.#program], {
      execArgv: ['--no-warnings'],
      // A mutant that a parser's random inputs kill is killed by few of them.
      env: { FUZZ_RUNS: '100', ...process.env },
      stdio: ['ignore', 'ignore', process.env.MUTATION_DEBUG ? 'inherit' : 'ignore', 'ipc'],
    })
    if (child.pid !== undefined) setPriority(child.pid, 10)
    this.#runs = 0
    return (this.#child = child)
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  #ask(order: Order, silence: number): Promise<Answer | 'exited' | 'late'> {
    const child = this.#child ?? this.#start()
    this.#runs++
    return new Promise((resolve) => {
      const end = (answer: Answer | 'exited' | 'late'): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        if (typeof answer === 'string' || !answer.isClean || this.#runs >= MOST_RUNS) this.stop()
        resolve(answer)
      }
      const timer = setTimeout(() => end('late'), silence)
      child.on('message', (message: Answer | typeof HEARTBEAT) => (message === HEARTBEAT ? timer.refresh() : end(message)))
      child.once('exit', () => end('exited'))
      child.once('error', () => end('exited'))
      child.send(order)
    })
  }

  /**
   * Ends the process when it starts no test for `silence` milliseconds. A crash counts only in a new process: an earlier run may have caused it.
   */
  async run(order: Order, silence: number): Promise<Answer | 'exited' | 'late'> {
    const answer = await this.#ask(order, silence)
    const isCrash = answer === 'exited' || (typeof answer === 'object' && answer.outcome === 'crashed')
    if (!isCrash || this.#runs === 1) return answer
    this.stop()
    return this.#ask(order, silence)
  }
}
