import type { Session } from 'axios-attach-oauth'
import type { Logger } from 'pino'

/** Logs the life of the session. Returns the function that ends it. */
export function log(session: Session, logger: Logger): () => void {
  const quiet = ['sent', 'queued', 'released', 'resent', 'saved', 'adopted']
  const serious = ['refresh_failed', 'unpersisted', 'revocation_failed']
  return session.on('*', ({ type, ...event }) => {
    if (quiet.includes(type)) logger.debug(event, type)
    else if (serious.includes(type)) logger.warn(event, type)
    else logger.info(event, type)
  })
}
