import { createHash } from 'node:crypto'
import { json, type Received } from './faults.js'
import { startServer, type Entry, type FaultyServer } from './server.js'

/** What the resource server has seen of one request. */
export interface Seen extends Entry {
  readonly id: string
  readonly contentType: string | undefined
  readonly authorization: string | undefined
  readonly sha256: string
  readonly length: number
  /** What it deserves by its token, whatever is answered: 200 or 401. */
  status: number
}

export interface ResourceServer extends FaultyServer<Seen> {
  /** The `WWW-Authenticate` of a 401. */
  challenge: string | undefined
  rejectAll: boolean
}

/** Serves who brings an access token that is accepted, and answers with what it received. */
export async function startResourceServer(accepts: (accessToken: string) => boolean): Promise<ResourceServer> {
  const own = { challenge: 'Bearer error="invalid_token"' as string | undefined, rejectAll: false }

  const statusFor = (authorization: string | undefined): number =>
    authorization !== undefined && accepts(authorization.slice('Bearer '.length)) && !own.rejectAll ? 200 : 401

  function describe({ headers, body }: Received): Omit<Seen, keyof Entry> {
    const { authorization, 'content-type': contentType } = headers as Record<string, string | undefined>
    return {
      id: String(headers['x-request-id'] ?? ''),
      contentType,
      authorization,
      sha256: createHash('sha256').update(body).digest('hex'),
      length: body.length,
      status: statusFor(authorization),
    }
  }

  const server = await startServer<Omit<Seen, keyof Entry>>((entry) => {
    // The token may have died while the request waited to be processed.
    const status = (entry.status = statusFor(entry.authorization))
    const { url, id, sha256, length } = entry
    const challenge = status === 401 && own.challenge !== undefined ? { 'www-authenticate': own.challenge } : {}
    return json(status, { url, sha256, length, ...(id !== '' && { id }) }, challenge)
  }, describe)
  return Object.assign(own, server)
}
