import { checkedElsewhere, checkOptions, flag, milliseconds, type OptionRule } from '../check-options.js'
import { isOAuthError } from '../errors.js'
import { copyJSON } from '../copy-json.js'
import { isRepeatedSignIn, isSameUser, repeatedRecord, signInRecord, type TokenRecord } from '../token-record.js'
import { toTokenSet } from '../tokens.js'
import type { TokenJSON, TokenSet } from '../types.js'
import { untilAborted } from '../until-aborted.js'
import type { Environment } from './environment.js'
import { isSameEpoch, type Epoch } from './epoch.js'
import type { RefreshResult } from './in-flight-refresh.js'
import type { Notifications } from './notifications.js'
import type { Persistence } from './persistence.js'
import { epochEnded, noOtherToken, notSignedIn, signedOutWhileWaiting } from './refresh-error.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import type { RefreshThrottle } from './refresh-throttle.js'
import type { Revocation, RevocationResult } from './revocation.js'
import type { AccessTokenOptions, SignInOptions } from './session.js'
import type { SessionSettings } from './settings.js'
import { SignInWrites } from './sign-in-writes.js'
import type { SessionState } from './state.js'
import type { StoreSync } from './store-sync.js'
import { withTimeLimit } from './time-limit.js'
import type { TokenProvider } from './token-provider.js'

interface Reference {
  deref(): (() => void) | undefined
}

/** A weak reference, where the platform has them. */
const refer = (detach: () => void): Reference => (typeof WeakRef === 'function' ? new WeakRef(detach) : { deref: () => detach })

/** An attachment to an instance, and what runs without the instance. */
interface AttachmentReference {
  readonly detach: Reference
  readonly stop: () => void
}

const aUser: OptionRule = ['a non-empty string', (value) => typeof value === 'string' && value !== '']
const accessTokenRules = { rejected: checkedElsewhere, validFor: milliseconds, signal: checkedElsewhere }

interface OperationServices {
  readonly environment: Environment
  readonly settings: SessionSettings
  readonly state: SessionState
  readonly persistence: Persistence
  readonly throttle: RefreshThrottle
  readonly coordinator: RefreshCoordinator
  readonly sync: StoreSync
  readonly revocation: Revocation
  readonly notifications: Notifications
  readonly provider: TokenProvider
}

/** The operations of the public session. */
export class SessionOperations {
  readonly #services: OperationServices
  readonly #attachments = new Set<AttachmentReference>()
  /** `close()` was called. Attaching the store again creates a new session. */
  isClosed = false
  readonly #writes: SignInWrites

  constructor(services: OperationServices) {
    this.#services = services
    this.#writes = new SignInWrites(services)
  }

  async tokens(): Promise<TokenSet | undefined> {
    await this.#services.sync.load()
    return this.#copyTokens()
  }

  async signIn(tokens: TokenJSON, options?: SignInOptions): Promise<void> {
    checkOptions('signIn: ', options ?? {}, { user: aUser })
    const { user } = options ?? {}
    const { environment, settings, state, throttle, coordinator, notifications } = this.#services
    const id = (environment.random() + environment.now()).toString(36).replace('.', '')
    const before = state.token
    const given = signInRecord(tokens, environment.now(), user, id)
    const isRepeated = before !== undefined && isRepeatedSignIn(before.record, given)
    const record = isRepeated ? repeatedRecord(before.record, given) : given
    throttle.reset()
    const events = state.apply({ type: 'signed_in', record })
    const { epoch } = state
    const run = coordinator.current
    if (run && isRepeated) {
      state.block(run.isForRejected)
      notifications.notify(events)
      // Not awaited, because the caller may be the refresh function.
      void run.result
        .then(() => (state.record === record ? this.#writes.saveAgain(record, false) : this.#nameUser(record, epoch, user)))
        .catch(() => undefined)
      return
    }
    // Queued before any listener runs, so that a listener's sign-out is written afterwards.
    const saved = isRepeated ? this.#writes.saveAgain(record, true) : this.#writes.save(record)
    const isSame = before !== undefined && isSameUser(before.record.identity, given.identity) === true
    if (run && isSame && settings.refresh?.abortWhenSuperseded) {
      // The refresh may bring newer cookies of this user. Its end would be that of the earlier ones.
      run.isReplaced = true
      state.block(run.isForRejected)
    } else this.#supersedeBy(before, saved)
    notifications.notify(events)
    await saved
    if (isRepeated) await this.#nameUser(record, epoch, user)
  }

  /** Names the user of the set that has replaced `record`, the set of a repeated sign-in. */
  async #nameUser(record: TokenRecord, epoch: Epoch, user: string | undefined): Promise<void> {
    const { record: present, epoch: now } = this.#services.state
    if (user === undefined || !present || present === record || (present.identity.user ?? user) !== user) return
    if (isSameEpoch(epoch, now)) await this.signIn(present.parsed.tokens, { user })
  }

  async signOut(options?: { readonly revoke?: boolean | undefined }): Promise<RevocationResult> {
    checkOptions('signOut: ', options ?? {}, { revoke: flag })
    const { state, throttle, coordinator, revocation, notifications } = this.#services
    const record = state.record
    throttle.reset()
    const events = state.apply({ type: 'signed_out', reason: 'requested' })
    const written = this.#writes.overwrite(undefined)
    coordinator.supersede({ type: 'rejected', error: signedOutWhileWaiting() })
    notifications.notify(events)
    const stored = await written
    return options?.revoke === true ? revocation.revoke(record ?? stored) : { revoked: false }
  }

  async refresh(): Promise<TokenSet> {
    const { sync, throttle, coordinator, state } = this.#services
    await sync.load()
    throttle.reset()
    const run = coordinator.startOrJoin('requested')
    if (isOAuthError(run)) throw run
    const result = await run.result
    const isInUse = run.received !== undefined && run.received === state.record
    // Tokens of another user end the epoch of requests, but this call belongs to none.
    const isOfAnother = isInUse && 'error' in result && result.error.code === 'OAUTH_SIGNED_OUT'
    if (!isOfAnother) {
      if ('error' in result) throw result.error
      if (!state.token || !isSameEpoch(result.token.epoch, state.token.epoch)) throw signedOutWhileWaiting()
    }
    return this.#copyTokens() as TokenSet
  }

  async getAccessToken(options?: AccessTokenOptions): Promise<string> {
    checkOptions('getAccessToken: ', options ?? {}, accessTokenRules)
    const { rejected, validFor, signal } = options ?? {}
    const { sync, state, provider, coordinator, environment } = this.#services
    const demand = validFor ? { validFor } : undefined
    const get = async (): Promise<string> => {
      await sync.load()
      const { token } = state
      const isRejected = rejected !== undefined && token?.accessToken === rejected
      const result = isRejected ? await provider.getTokenAfter401(token) : await provider.getToken(demand)
      if (result.type === 'token' && result.token.accessToken !== undefined) {
        const isUsable = result.token.accessToken !== rejected && environment.now() < result.token.expiresAt
        if (isUsable) return result.token.accessToken
      }
      if ('error' in result) throw result.error
      throw result.type === 'none' ? notSignedIn() : ((state.token && coordinator.refusal()) ?? noOtherToken())
    }
    return untilAborted(get(), signal)
  }

  async close(options?: { readonly timeout?: number | undefined }): Promise<{ readonly persisted: boolean }> {
    checkOptions('close: ', options ?? {}, { timeout: milliseconds })
    const { timeout } = options ?? {}
    const { coordinator, environment, state, sync } = this.#services
    this.isClosed = true
    coordinator.close()
    for (const { detach, stop } of [...this.#attachments]) {
      detach.deref()?.()
      stop()
    }
    const settled = coordinator
      .idle()
      .then(() => this.#writes.settled)
      .then(() => sync.saveAgain(true))
    const ended = timeout === undefined ? settled : withTimeLimit(environment, timeout, () => settled, '')
    await ended.catch(() => undefined)
    const { current } = state
    const isUnsaved = current.status === 'signed_in' && current.saveError !== undefined
    const isSettled = !coordinator.current && !coordinator.lateAnswers.isAwaitedFor(state.record)
    return { persisted: !isUnsaved && !this.#writes.isPending && isSettled }
  }

  /**
   * Calls `detach` and `stop` when the session is closed. Returns the undo. Holds no instance that the application has dropped
   * without detaching it; then only `stop` is called.
   */
  attach(detach: () => void, stop: () => void): () => void {
    for (const attachment of this.#attachments)
      if (!attachment.detach.deref()) {
        attachment.stop()
        this.#attachments.delete(attachment)
      }
    const mine: AttachmentReference = { detach: refer(detach), stop }
    this.#attachments.add(mine)
    return () => void this.#attachments.delete(mine)
  }

  /** Settles the requests that wait for a refresh of the previous sign-in. */
  #supersedeBy(before: SessionState['token'], written: Promise<unknown>): void {
    const { state, coordinator } = this.#services
    const { token } = state
    if (!token) return
    const mine: RefreshResult = { type: 'token', token }
    const isSameEpoch = !before || before.epoch === token.epoch
    if (isSameEpoch) return coordinator.supersede(mine)
    const isKnown = isSameUser(before.record.identity, token.record.identity) !== undefined
    coordinator.supersede({ type: 'rejected', error: epochEnded() }, isKnown ? undefined : written)
  }

  #copyTokens(): TokenSet | undefined {
    const { record } = this.#services.state
    return record && copyJSON(toTokenSet(record.parsed.tokens))
  }
}
