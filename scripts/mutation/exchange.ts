/** One run of tests that a process is asked for. */
export interface Order {
  /** The active mutant. Default: none. */
  readonly mutant?: string
  /** The tests to run, and the milliseconds that each may take. Default: all, without a limit. */
  readonly tests?: Readonly<Record<string, number>>
  /** After so many evaluations of the mutated code it throws: the mutant made an endless loop. */
  readonly hitLimit?: number
}

/** How often each mutant was evaluated, by its id. */
export type Hits = Record<string, number>

/** What a run without a mutant finds out. A test is named by its file and its number in it. */
export interface Coverage {
  /** While the sources were loaded. */
  readonly static: Hits
  /** In a test, or, by the name of the file, in what all tests of it share. */
  readonly perTest: Record<string, Hits>
  /** Milliseconds that each test took. */
  readonly durations: Record<string, number>
}

/** `crashed`: an error that no test caught. `drained`: nothing is left to wait for. `late`: a test took too long. */
export type Outcome = 'passed' | 'failed' | 'crashed' | 'drained' | 'late'

/** Comes about every second: a process that sends none has an endless loop. */
export const HEARTBEAT = 'running'

export interface Answer {
  readonly outcome: Outcome
  /** The tests that failed, with their errors. */
  readonly failures: readonly (readonly [test: string, error: string])[]
  /** Only without a mutant. */
  readonly coverage: Coverage | undefined
  /** Nothing of this run is left that could disturb another one in the same process. */
  readonly isClean: boolean
}

/** What Stryker's instrumented code reads and writes. */
export interface Stryker {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: Pick<Coverage, 'static' | 'perTest'>
}
