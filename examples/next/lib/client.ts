import {
  allowInsecureRequests,
  ClientSecretBasic,
  discovery,
  None,
  type Configuration,
} from 'openid-client'

/** The client and its server, discovered once for each process. */
let found: Promise<Configuration> | undefined
export function client(): Promise<Configuration> {
  const { ISSUER = '', CLIENT_ID = '', CLIENT_SECRET } = process.env
  const issuer = new URL(ISSUER)
  const isLocal = ['localhost', '127.0.0.1'].includes(issuer.hostname)
  const execute = isLocal ? [allowInsecureRequests] : []
  found ??= discovery(
    issuer,
    CLIENT_ID,
    undefined,
    CLIENT_SECRET ? ClientSecretBasic(CLIENT_SECRET) : None(),
    { execute },
  )
  found.catch(() => (found = undefined))
  return found
}

export const redirectUri = (): string => `${process.env.APP_URL}/callback`
