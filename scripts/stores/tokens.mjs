/** The token set that `text` holds, or `undefined` when nothing is stored. Throws when it isn't whole. */
export function wholeTokens(text) {
  if (text === null || text === undefined) return undefined
  const tokens = JSON.parse(text)
  if (!tokens.access_token || !tokens.refresh_token) throw new Error('Half a token set is stored')
  return tokens
}
