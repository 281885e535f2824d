/** The members in which a request of Node reports what was sent. */
export interface NodeRequest {
  getHeader?(name: string): unknown
  /** HTTP/2. */
  readonly sentHeaders?: Readonly<Record<string, unknown>>
}

/** Returns a function that reads the headers of Node's request by their names in lower case; `undefined` for any other request. */
export function nodeHeaderReader(request: NodeRequest): ((lowerName: string) => unknown) | undefined {
  const { sentHeaders } = request
  if (typeof request.getHeader === 'function') return request.getHeader.bind(request)
  if (!sentHeaders) return undefined
  const lower = new Map(Object.entries(sentHeaders).map(([name, value]) => [name.toLowerCase(), value]))
  return (lowerName) => lower.get(lowerName) || undefined
}

/** Is this address on the socket of the request? Without a host, `follow-redirects` names this machine, or none. */
export function isOnSocket({ socketPath }: { readonly socketPath?: unknown }, url: string): boolean {
  return !!socketPath && /^https?:..(\[::1])?\//.test(url)
}
