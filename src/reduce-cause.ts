/** The parts of a foreign error that hold no secret. */
export interface ReducedCause {
  readonly name?: string
  readonly code?: string
  /** The HTTP status, if the error has one. */
  readonly status?: number
  /** The system call that failed, such as `connect` or `read`. */
  readonly syscall?: string
  /** The parts of an `AggregateError`. */
  readonly errors?: readonly ReducedCause[]
  readonly cause?: ReducedCause
}

const DEPTH = 4

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w.]{1,64}$/.test(value) ? value : undefined

/** A code of the system or of fetch: capital letters. */
const codeOf = (value: unknown): string | undefined => (/^[A-Z][A-Z0-9_]{1,63}$/.test(String(value)) ? word(value) : undefined)

/** Reduces an error to its printable parts: axios errors carry the whole request, and messages may quote it. */
export function reduceCause(failure: unknown, depth = DEPTH): ReducedCause {
  if (typeof failure !== 'object' || failure === null) return {}
  const { name, code, status, syscall, errors, cause } = failure as Record<string, unknown>
  const safe = {
    name: word(name),
    code: codeOf(code),
    status: typeof status === 'number' ? status : undefined,
    syscall: word(syscall),
    errors: Array.isArray(errors) && depth > 1 ? errors.slice(0, 8).map((each) => reduceCause(each, depth - 1)) : undefined,
    cause: cause !== undefined && depth > 1 ? reduceCause(cause, depth - 1) : undefined,
  }
  return Object.fromEntries(Object.entries(safe).filter(([, value]) => value !== undefined)) as ReducedCause
}

/** The innermost code of a failure: axios and oauth4webapi wrap the system's code in less specific codes of their own. */
export function networkCode(failure: unknown): string | undefined {
  let found: string | undefined
  let error: ReducedCause | undefined = reduceCause(failure)
  for (; error; error = error.cause) if (error.code && !error.code.startsWith('OAUTH_')) found = error.code
  return found
}
