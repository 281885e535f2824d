import { OAuthError } from '../errors.js'
import { mergeTokens, type Credentials } from '../tokens.js'
import type { RefreshReason, TokenResponse, TokenSet } from '../types.js'
import type { Flight } from './flight.js'
import type { Neighbours } from './neighbours.js'
import type { Parts } from './parts.js'
import type { Saving } from './saving.js'
import type { Held } from './state.js'
import { refreshError, requestTokensWithin } from './token-request.js'
import type { LeaveRest } from './vault.js'

/** What a renewal works with. */
export interface RenewalTools extends Parts {
  readonly neighbours: Neighbours
  readonly saving: Saving
}

const noop = (): void => undefined

export function nobodySignedIn(): OAuthError {
  return new OAuthError('OAUTH_SIGNED_OUT', 'Nobody is signed in: call signIn(tokens) first.')
}

export function noRefreshToken(): OAuthError {
  return new OAuthError(
    'OAUTH_NO_REFRESH_TOKEN',
    'The access token must be refreshed and there is no refresh token. Some servers issue one only for the scope offline_access: add it when signing in.',
  )
}

/**
 * What happens under the store's lock: read again, take over what somebody else has stored, else refresh and save. Resolves with what is to be
 * told once the lock is free: no listener runs under it.
 */
export async function renew(
  tools: RenewalTools,
  flight: Flight,
  reason: RefreshReason,
  lost: AbortSignal | undefined,
  leave: LeaveRest,
): Promise<() => void> {
  const { vault, clock } = tools
  for (;;) {
    const stored = await vault.look()
    if (flight.overtaken) return noop
    const before = tools.standing.held
    if (vault.moved(stored)) {
      const tell = tools.neighbours.takeOver(stored)
      if (before && !stored) return tell
      if (!flight.answer && isNews(tools, before)) return tell
    }
    lost?.throwIfAborted()
    try {
      return await exchange(tools, flight, reason, lost, leave)
    } catch (error) {
      const failure = refreshError(error, clock.now())
      if (flight.overtaken || failure.code !== 'OAUTH_INVALID_GRANT') throw failure
      const tell = await giveUp(tools, flight)
      if (!tell) throw failure
      if (tell !== again) return tell
    }
  }
}

/** Is there now a token in use that is another than before, and not about to expire? */
function isNews({ standing, clock }: RenewalTools, before: Held | undefined): boolean {
  const present = standing.held
  if (!present || clock.now() >= present.waitFrom) return false
  return present.credentials.tokens.access_token !== before?.credentials.tokens.access_token
}

/** Gets a new set from the token endpoint and stores it. */
async function exchange(
  tools: RenewalTools,
  flight: Flight,
  reason: RefreshReason,
  lost: AbortSignal | undefined,
  leave: LeaveRest,
): Promise<() => void> {
  const { environment, clock, vault, settings } = tools
  const { flightTimeout } = settings
  const { answer } = flight
  const refresh = answer ? (): TokenResponse => answer : settings.refresh
  const tokens = tools.standing.held?.credentials.tokens
  if (!refresh)
    throw new OAuthError(
      'OAUTH_REFRESH_UNAVAILABLE',
      `There is no refresh function, and the token store (${vault.name}) holds no newer token set.`,
    )
  if (!answer && settings.refresh?.needsRefreshToken && tokens?.refresh_token === undefined)
    throw tokens ? noRefreshToken() : nobodySignedIn()
  if (!answer) tools.asks()
  const context = {
    signal: flight.signal,
    reason,
    reportDate: (date: string | null | undefined) => clock.correct(date),
  }
  const abort = (late: unknown): void => flight.abort(late)
  const { response, sentAt } = await requestTokensWithin(
    flightTimeout,
    abort,
    environment,
    (...args) => flight.call(() => refresh(...args)),
    tokens && structuredClone(tokens),
    context,
    settings.policy.retries,
    () => !flight.overtaken && !lost?.aborted,
    () => clock.now(),
  )
  const credentials = readAnswer(tokens, response, clock.fromLocal(sentAt))
  const rotated = credentials.tokens.refresh_token !== tokens?.refresh_token
  return store(tools, flight, credentials, (held) => {
    // Whoever had the lock next would read the refresh token that is used up, and use it once more.
    if (rotated) leave(() => tools.saving.keepOn(held, lost))
  })
}

function readAnswer(tokens: TokenSet | undefined, response: unknown, sentAt: number): Credentials {
  try {
    return mergeTokens(tokens, response, sentAt)
  } catch (cause) {
    throw new OAuthError(
      'OAUTH_REFRESH_UNAVAILABLE',
      'The answer to the refresh holds no usable token set. The tokens were kept.',
      { cause },
    )
  }
}

/** Stores first; the waiting requests are released afterwards. */
async function store(
  tools: RenewalTools,
  flight: Flight,
  credentials: Credentials,
  onUnsaved: (held: Held) => void,
): Promise<() => void> {
  let error: OAuthError | undefined
  const outcome = await tools.vault
    .replace(credentials.tokens, () => !flight.overtaken)
    .catch((reason: unknown) => {
      error = reason as OAuthError
    })
  const signedOutElsewhere = outcome && !outcome.stored && !outcome.found
  if (flight.overtaken || signedOutElsewhere) tools.revoke(credentials.tokens)
  if (flight.overtaken) return noop
  if (outcome && !outcome.stored) return tools.neighbours.takeOver(outcome.found)
  const held = tools.standing.adopt(credentials)
  if (error) onUnsaved(held)
  return () => {
    const { generation } = held
    const { expiresAt } = credentials
    tools.events.emit('refreshed', { generation, expiresAt: expiresAt === Infinity ? undefined : expiresAt })
    if (!error) return tools.events.emit('saved', { generation })
    tools.saving.failed(held, error)
    if (tools.settings.strictSaving) throw error
  }
}

/** Says that there is something else to try. */
const again = (): void => undefined

/** The token endpoint says `invalid_grant`: either somebody else was faster, or what is stored is deleted and this is the end (`undefined`). */
async function giveUp(tools: RenewalTools, flight: Flight): Promise<(() => void) | undefined> {
  const before = tools.standing.held
  // What can't be deleted will be refused again; the session ends all the same.
  const outcome = await tools.vault.replace(undefined, () => !flight.overtaken).catch(() => undefined)
  if (flight.overtaken) return noop
  if (!outcome?.found) return undefined
  const tell = tools.neighbours.takeOver(outcome.found)
  return isNews(tools, before) ? tell : again
}
