/**
 * The meaning of an answer that brings no token. `ended`: certainly over; `probably ended`: inferred; `kept`: the session goes on;
 * `misconfigured`: a setting is wrong.
 */
export type Meaning = 'ended' | 'probably ended' | 'misconfigured' | 'kept'

/** An answer of a token endpoint without a token. */
export interface FailureShape {
  readonly name: string
  readonly status: number
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
  readonly means: Meaning
  /** The meaning for the grants of this package, which infer nothing from a status. Default: `means`. */
  readonly meansForGrants?: Meaning
  /** Only the status tells: a function that passes the body on without it can't be understood. */
  readonly needsStatus?: boolean
}
