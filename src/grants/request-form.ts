import type { FetchInit } from './fetch.js'

/** The parameters of a token request that some servers name differently. */
export const renamable = ['grant_type', 'client_id', 'client_secret', 'refresh_token', 'scope'] as const

/** Other names for parameters, such as `{ client_id: 'client_key' }`. */
export type ParameterNames = Readonly<Partial<Record<(typeof renamable)[number], string>>>

function toJSON(parameters: URLSearchParams): string {
  const members: Record<string, string | string[]> = {}
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name)
    members[name] = values.length === 1 ? (values[0] as string) : values
  }
  return JSON.stringify(members)
}

/**
 * Makes the function that applies the parameter names and the body format of the server. Requests without a body stay unchanged.
 */
export function requestForm(names: ParameterNames, format: 'form' | 'json'): (init: FetchInit) => FetchInit {
  const nameOf = (name: string): string => (names as Record<string, string | undefined>)[name] ?? name
  return (init) => {
    if (!(init.body instanceof URLSearchParams)) return init
    const body = new URLSearchParams([...init.body].map(([name, value]) => [nameOf(name), value]))
    if (format === 'form') return { ...init, body }
    return { ...init, body: toJSON(body), headers: { ...init.headers, 'content-type': 'application/json' } }
  }
}
