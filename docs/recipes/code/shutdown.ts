import type { Server } from 'node:http'
import type { Session } from 'axios-attach-oauth'

/**
 * Ends the server first, then the session: a token set that was just received is
 * saved. Resolves with whether it is.
 */
export async function shutDown(server: Server, session: Session): Promise<boolean> {
  await new Promise((resolve) => server.close(resolve))
  const { persisted } = await session.close({ timeout: 5000 })
  return persisted
}

/** For the readiness probe: a token is there, or can be had. */
export async function isReady(session: Session): Promise<boolean> {
  try {
    await session.getAccessToken({ signal: AbortSignal.timeout(2000) })
    return true
  } catch {
    return false
  }
}

export function onTerminate(server: Server, session: Session): void {
  process.once('SIGTERM', () => void shutDown(server, session))
}
