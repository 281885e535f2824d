import { attachOAuth, isOAuthError, type AttachedSession } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/refresh-token'
import { webStore } from 'axios-attach-oauth/web'
import { Journal } from './journal.js'
import { PretendServers, axios, pause } from './servers.js'
import { REQUESTS, type Settings } from './settings.js'

/** The time within which all requests start, in milliseconds. */
const START = 900

let runs = 0

/** The token set of the sign-in before the run. */
function firstTokens(expiry: Settings['expiry']): Record<string, unknown> {
  const seconds = Math.floor(Date.now() / 1000)
  const times = {
    unknown: {},
    expired: { expires_in: 3600, expires_at: seconds - 5 },
    soon: { expires_in: 3600, expires_at: seconds + 40 },
  }
  return { access_token: 'token-1', refresh_token: 'refresh-1', token_type: 'Bearer', ...times[expiry] }
}

function record(session: AttachedSession, journal: Journal): void {
  const indexOf = (url: string): number => Number(/\d+$/.exec(url)?.[0])
  session.on('queued', ({ url, because }) => {
    journal.begin(indexOf(url), 'waiting')
    journal.note(indexOf(url), because === 'rejected' ? 'waits for the refresh' : 'waits for a token before it is sent')
  })
  session.on('released', ({ url }) => journal.end(indexOf(url), 'waiting'))
  session.on('adopted', () => journal.adopted++)
}

/** Sends two hundred requests through the package. Calls `started` with the journal when all is set up; resolves when all has settled. */
export async function run(settings: Settings, started: (journal: Journal) => void): Promise<Journal> {
  const key = `axios-attach-oauth picture ${++runs}`
  // Every second request belongs to the second tab, where there is one.
  const tabOf = Array.from({ length: REQUESTS }, (_, i) => (i % settings.tabs) + 1)
  const journal = new Journal(tabOf, performance.now())
  const servers = new PretendServers(settings, journal)

  // A session, a store and an axios instance for each tab: they share nothing but the record in localStorage and its lock.
  const tabs = Array.from({ length: settings.tabs }, (_, i) => {
    const api = axios.create({ baseURL: 'https://api.example.com', adapter: servers.api })
    const refresh = refreshToken({
      tokenEndpoint: 'https://login.example.com/token',
      clientId: 'picture',
      fetch: servers.tokenEndpoint(i + 1),
    })
    const session = attachOAuth(api, webStore({ key, fallback: 'memory' }), { refresh, name: `tab ${i + 1}` })
    record(session, journal)
    return { api, session }
  })
  await tabs[0]?.session.signIn(firstTokens(settings.expiry))
  for (const { session } of tabs) await session.tokens()
  started(journal)

  const send = async (index: number): Promise<void> => {
    await pause((index / REQUESTS) * START)
    const row = journal.rows[index]
    const api = tabs[(tabOf[index] ?? 1) - 1]?.api
    if (!row || !api) return
    try {
      await api.get(`/items/${index}`)
      row.outcome = 'answered'
    } catch (error) {
      row.outcome = 'failed'
      journal.note(index, `rejects with ${isOAuthError(error) ? error.code : String(error)}`)
    }
  }
  await Promise.all(tabOf.map((_, index) => send(index)))
  // A refresh in the background may still be under way.
  for (const { session } of tabs) await session.close()
  for (const { session } of tabs) await session.signOut().catch(() => undefined)
  return journal
}
