/** Codes that occur only before a connection exists, for errors that do not name the system call. */
const beforeConnection = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$/

/** True when `error` proves that no connection was made, so that the server can't have processed the request. */
export function neverConnected(error: unknown, depth = 0): boolean {
  const { errors, cause, syscall, code } = Object(error) as Record<string, unknown>
  if (depth > 4) return false
  if (Array.isArray(errors)) return errors.length > 0 && errors.every((each) => neverConnected(each, depth + 1))
  // Wrappers repeat the code of the error that they wrap, without its system call.
  const inner = Object(cause) as Record<string, unknown>
  if (inner.code ?? inner.cause ?? inner.errors) return neverConnected(cause, depth + 1)
  return /^(connect$|getaddrinfo)/.test(String(syscall ?? '')) || (syscall === undefined && beforeConnection.test(String(code)))
}
