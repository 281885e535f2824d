/** The members of an answer of a token endpoint. */
export type Members = Readonly<Record<string, unknown>>

function parseForm(text: string): Members | undefined {
  const members = Object.fromEntries(new URLSearchParams(text))
  return 'access_token' in members || 'error' in members ? members : undefined
}

/**
 * The members of an answer: JSON regardless of its content type, or a form (GitHub, older Facebook). `undefined` for any other
 * text.
 */
export function parseMembers(text: string): Members | undefined {
  // `trim` also removes a byte order mark.
  const trimmed = text.trim()
  try {
    const json = JSON.parse(trimmed) as unknown
    return typeof json === 'object' && json !== null ? (json as Members) : undefined
  } catch {
    return /^\w+=[^\s<>{}]*$/.test(trimmed) ? parseForm(trimmed) : undefined
  }
}

/** True for the token types that need a proof, which this package does not send (RFC 9449, RFC 8693). */
export function needsProof(tokenType: unknown): boolean {
  return typeof tokenType === 'string' && /^\s*(dpop|pop|mac|n_a)\s*$/i.test(tokenType)
}
