export interface WholeTokens {
  access_token: string
  refresh_token: string
}

/** The token set that `text` holds, or `undefined` when nothing is stored. Throws when it isn't whole. */
export function wholeTokens(text: string | null | undefined): WholeTokens | undefined {
  if (text === null || text === undefined) return undefined
  const tokens = JSON.parse(text) as Partial<WholeTokens>
  if (!tokens.access_token || !tokens.refresh_token) throw new Error('half a token set is stored')
  return tokens as WholeTokens
}
