import type { Journal, Row } from './journal.js'
import type { Settings } from './settings.js'

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

/** The result of a run, for the line that screen readers announce. */
export function summaryOf(journal: Journal): string {
  const { tokenRequests, rejected, waited, resent, answered, failed } = journal.counts
  const parts = [
    plural(tokenRequests, 'token request'),
    `${rejected} rejected`,
    `${waited} waited`,
    `${resent} sent again`,
    `${answered} answered`,
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  return `${journal.rows.length} requests: ${parts.join(', ')}.`
}

/** Why the run went this way. */
export function explanationOf({ expiry, answer, tabs }: Settings): string {
  const shared = tabs === 2 ? ' The second tab waits for the lock, finds the new token set in the storage and uses it.' : ''
  if (answer === 'unavailable') {
    return expiry === 'soon'
      ? 'The refresh runs in the background and fails. The present token is still valid, so no request notices.'
      : 'The refresh is tried three times, because a 503 says that nothing was processed. Then the requests get their 401 as a typed error that is retryable. The tokens are kept, and no user is signed out.'
  }
  if (answer === 'ended') {
    return 'The server says invalid_grant: the session is over. Waiting requests reject, and no further token request is made. Requests that are sent later carry no token.'
  }
  if (expiry === 'soon')
    return `The token expires in 40 seconds: one refresh runs in the background, and no request waits for it.${shared}`
  if (expiry === 'expired') return `The expiry is known: requests wait for one refresh, and no request is rejected.${shared}`
  return `The expiry is unknown, so the first requests are rejected. They lead to one refresh, and each of them is sent again, once. Requests that start during the refresh wait for it.${shared}`
}

/** The life of one request, a line for each step. */
export function historyOf({ lines }: Row): string[] {
  return lines.map(({ at, text }) => `${seconds(at)}: ${text}`)
}
