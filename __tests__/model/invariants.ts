import type { TokenJSON } from '../../src/index.js'

/** What must hold whatever happens, each stated once. */
export const invariants = {
  redeemedOnce: 'a refresh token is redeemed at most once after its answer arrived',
  oneRefresh: 'at most one refresh runs at any time',
  settles: 'every promise settles',
  noOlder: 'no request carries an older token than the one in use',
  noRejected: 'while the refresh for a rejected token runs, no new request carries that token',
  epoch: 'no request is sent under another epoch than its own',
  noOtherUser: 'no request carries a token of another user',
  signOutFinal: 'sign-out is final',
  storedFirst: 'a refreshed set is stored before a waiting request uses it',
  twoSends: 'a request is sent at most twice',
  limit: 'the limit of refreshes holds',
  neverWorse: 'a request that has a token to send is sent, and a refused one keeps its response',
  oneRouteDoesNotCondemn: 'the refusals of one route keep no other request from being sent',
  inUseNotRevoked: 'tokens that are in use, or that may be the same user’s, are not revoked',
  memoryAndStore: 'memory and store agree once all has settled',
  listenersAfterState: 'a listener sees the state that its event announces',
  snapshotIdentity: 'a new snapshot has new content',
  keepsItsFunction: 'a refresh under way keeps its refresh function',
  closed: 'a closed session starts no refresh',
  nothingLeft: 'no timer and no listener is left when all has settled',
} as const

export type Invariant = keyof typeof invariants

/** What the session can know of a user. */
export interface KnownUser {
  readonly subject?: string
  readonly user?: string
}

/** One sign-in, as the contract defines it. */
export interface ModelEpoch {
  /** `undefined`: no user is signed in. */
  readonly user: string | undefined
  known: KnownUser
  group: object
  /** A refresh function has signed in itself: when it returns the tokens, its epoch goes on in this one. */
  readonly isOwn?: boolean
}

/** An access token as the model knows it. */
export interface Issued {
  readonly user: string
  /** Grows with each token that is issued. */
  readonly serial: number
  /** In milliseconds. */
  readonly lifetime: number
  /** When it expires, on the monotonic clock. */
  readonly until: number
  /** When its lifetime begins, on the monotonic clock. */
  readonly at: number
  readonly by: 'refresh' | 'sign-in'
  readonly epoch: ModelEpoch
  /** What the session knew of the user when it asked for the token. */
  readonly known: KnownUser
}

interface Request {
  epoch: ModelEpoch | undefined
  user: string | undefined
  sends: number
  /** The package does not see it. */
  isPlain: boolean
  /** The epoch of an earlier round of the config does not go on. */
  isOver: boolean
  /** The model does not know its epoch: the token in its headers tells it, or a listener of `sent` ended it. */
  isOfUnknownEpoch: boolean
  readonly askedIn: number
}

interface Call {
  /** Counts the sign-ins and sign-outs before it: each one supersedes a refresh. */
  readonly signIns: number
  readonly signal: AbortSignal
}

function isSameUser(a: KnownUser, b: KnownUser): boolean | undefined {
  if (a.subject !== undefined && b.subject !== undefined) return a.subject === b.subject
  if (a.user !== undefined && b.user !== undefined) return a.user === b.user
  return undefined
}

/** A small model of a session: what may be true. It sees what arrives at the servers and the store, and what the application does. */
export class Model {
  readonly violations: { invariant: Invariant; detail: string }[] = []
  epoch: ModelEpoch = { user: undefined, known: {}, group: {} }
  /** Grows whenever everything that needs no time has happened. */
  turn = 0

  /** How often the application has signed in. */
  signIns = 0
  /** How often the application has asked for a refresh. */
  asked = 0
  #known: KnownUser | undefined
  #ended: ModelEpoch | undefined
  #inUse: { readonly serial: number; readonly since: number } = { serial: 0, since: 0 }
  #newestSent = { serial: 0, turn: 0 }
  #signedOut: ModelEpoch | undefined
  #blocked: { readonly token: string; readonly since: number } | undefined
  readonly #answered = new Set<string>()
  readonly #calls = new Set<Call>()
  readonly #requests = new Map<string, Request>()
  readonly #unsaved = new Set<number>()
  /** How many calls of the application revoke tokens at this moment. */
  revocations = 0
  #starts: number[] = []
  #adopted: { at: number; lifetime: number } | undefined
  #isInTrouble = false

  check(invariant: Invariant, holds: boolean, detail: string): void {
    if (!holds) this.violations.push({ invariant, detail })
  }

  // ── what the application does ──────────────────────────────────────────────────────────────────

  /** `own`: the refresh function of this epoch signs in with the tokens that it returns. */
  signsIn(user: string, known: KnownUser, own?: ModelEpoch): ModelEpoch {
    const isSame = this.#known !== undefined && isSameUser(this.#known, known) === true
    if (isSame && this.epoch.user !== undefined) this.epoch.known = known
    else this.#startEpoch({ user, known, group: own?.group ?? {}, isOwn: own !== undefined })
    this.#known = known
    this.signIns++
    this.#isInTrouble = false
    this.#blocked = undefined
    return this.epoch
  }

  signsOut(): ModelEpoch {
    this.#startEpoch({ user: undefined, known: {}, group: {} })
    return this.epoch
  }

  /** The sign-out has been confirmed; other calls may have followed it. */
  signedOut(epoch: ModelEpoch): void {
    if (epoch === this.epoch) this.#signedOut = epoch
  }

  /** A request is made, or a config is sent again. */
  asks(id: string, isPlain: boolean, isByHeaders = false): void {
    const earlier = this.#requests.get(id)
    if (isPlain && earlier) {
      earlier.isPlain = true
      return
    }
    const present = this.epoch.user === undefined || isPlain ? undefined : this.epoch
    // The config of a plain send has no epoch, unless the package had seen it before.
    const before = earlier?.isPlain ? undefined : earlier?.epoch
    const isOver = before !== undefined && !this.#continues(before)
    const user = isOver ? earlier?.user : undefined
    this.#requests.set(id, {
      epoch: isOver ? before : present,
      sends: 0,
      user,
      isPlain,
      isOver,
      isOfUnknownEpoch: isByHeaders || earlier?.isPlain === true || earlier?.isOfUnknownEpoch === true,
      askedIn: this.turn,
    })
  }

  isSentPlain(id: string): void {
    this.#requests.get(id)!.isPlain = true
  }

  forgets(id: string): void {
    this.#requests.delete(id)
  }

  // ── what the servers see ───────────────────────────────────────────────────────────────────────

  redeems(
    token: string,
    signal: AbortSignal,
  ): { done: () => void; answered: () => void; epoch: ModelEpoch; isPresent: () => boolean } {
    this.check('redeemedOnce', !this.#answered.has(token), token)
    const others = [...this.#calls].filter((call) => call.signIns === this.signIns && !call.signal.aborted)
    this.check('oneRefresh', others.length === 0, `${others.length} others`)
    const { epoch } = this
    const call = { signIns: this.signIns, signal }
    this.#calls.add(call)
    return {
      done: () => void this.#calls.delete(call),
      answered: () => void this.#answered.add(token),
      epoch,
      isPresent: () => call.signIns === this.signIns,
    }
  }

  sends(id: string, token: string | undefined, issued: Issued | undefined, stored: number): void {
    const request = this.#requests.get(id)!
    if (request.isPlain) return
    this.check('twoSends', ++request.sends <= 2, `${id} ${request.sends} times`)
    const { epoch } = request
    const isOwn = epoch === undefined || (request.isOver ? this.#continues(epoch) : epoch.group === this.epoch.group)
    if (isOwn && request.isOver) request.epoch = undefined
    this.check('epoch', isOwn, `${id} of ${epoch?.user} was sent while ${this.epoch.user} was signed in`)
    if (this.epoch.user !== undefined) request.epoch ??= this.epoch
    if (token === undefined) return
    if (!issued) return this.check('noOtherUser', false, `${token} was never issued`)
    this.check('signOutFinal', this.epoch.user !== undefined, `${id} carried ${token}`)
    this.check('epoch', issued.epoch.group === this.epoch.group, `${id} carried ${token} of an earlier epoch`)
    this.check(
      'noOtherUser',
      issued.user === this.epoch.user,
      `${id} carried a token of ${issued.user}, not of ${this.epoch.user}`,
    )
    this.check(
      'noOtherUser',
      (request.user ?? issued.user) === issued.user,
      `${id} of ${request.user} carried a token of ${issued.user}`,
    )
    const { serial } = issued
    const isLate = serial < this.#inUse.serial && this.turn > this.#inUse.since
    this.check('noOlder', !isLate, `${serial} while ${this.#inUse.serial} was in use`)
    const isOvertaken = serial < this.#newestSent.serial && this.turn > this.#newestSent.turn
    this.check('noOlder', !isOvertaken, `${serial} after ${this.#newestSent.serial} was sent`)
    const isRejected = this.#blocked?.token === token && request.askedIn > this.#blocked.since
    this.check('noRejected', !isRejected, `${id} carried ${token}`)
    const isUnsaved = issued.by === 'refresh' && stored < serial && !this.#unsaved.has(serial)
    this.check('storedFirst', !isUnsaved, `${serial} was used while ${stored} was stored`)
    request.user = issued.user
    if (serial > this.#newestSent.serial) this.#newestSent = { serial, turn: this.turn }
  }

  /** Does the answer to this request start or join a refresh for the rejected token? */
  rejects(id: string, issued: Issued): boolean {
    const request = this.#requests.get(id)!
    return (
      !request.isPlain && request.sends === 1 && request.epoch?.group === this.epoch.group && issued.serial === this.#inUse.serial
    )
  }

  /** A refresh for a rejected token runs. */
  blocks(token: string): void {
    this.#blocked ??= { token, since: this.turn }
  }

  /** No refresh runs. */
  unblocks(): void {
    this.#blocked = undefined
  }

  /** A request rejects. `isSignedIn`: the session has a token and may send it. */
  fails(id: string, error: { code?: unknown; response?: unknown }, isSignedIn: boolean, wasRefused: boolean): void {
    const request = this.#requests.get(id)!
    const { isPlain, isOver, isOfUnknownEpoch, epoch, sends } = request
    const code = String(error.code)
    if (isPlain || ['ERR_CANCELED', 'ECONNABORTED', 'ETIMEDOUT'].includes(code)) return
    if (wasRefused) this.check('neverWorse', error.response !== undefined, `${id} rejected without its response: ${code}`)
    request.isOfUnknownEpoch ||= epoch === undefined
    if (
      !isSignedIn ||
      isOver ||
      isOfUnknownEpoch ||
      sends > 0 ||
      epoch === undefined ||
      epoch.group !== this.epoch.group ||
      this.epoch.isOwn
    )
      return
    this.check(code === 'OAUTH_REFRESH_LIMIT' ? 'oneRouteDoesNotCondemn' : 'neverWorse', false, `${id} was not sent: ${code}`)
  }

  couldNotSave(serial: number): void {
    this.#unsaved.add(serial)
  }

  stores(tokens: TokenJSON | undefined): void {
    this.check('signOutFinal', !(this.#signedOut === this.epoch && tokens), 'something was stored after signing out')
  }

  /** `issued`: from a refresh that another sign-in has superseded. */
  revokes(token: string, issued: Issued | undefined): void {
    const serial = Number(token.slice('access-'.length))
    const isInUse = this.epoch.user !== undefined && serial === this.#inUse.serial
    this.check('inUseNotRevoked', !isInUse, token)
    if (
      !issued ||
      issued.epoch.isOwn ||
      this.revocations > 0 ||
      this.epoch.user === undefined ||
      issued.epoch.group === this.epoch.group
    )
      return
    this.check('inUseNotRevoked', isSameUser(issued.known, this.epoch.known) === false, `${token} may be the same user’s`)
  }

  // ── what the session announces ─────────────────────────────────────────────────────────────────

  starts(now: number): void {
    const { at, lifetime } = this.#adopted ?? { at: 0, lifetime: Infinity }
    const isDueToExpiry = now - at >= lifetime / 2
    if (isDueToExpiry && !this.#isInTrouble) return
    this.#starts.push(now)
    const sixth = this.#starts.at(-6)
    this.check('limit', sixth === undefined || now - sixth >= 30_000, `six in ${now - (sixth ?? 0)} ms`)
  }

  refreshFailed(): void {
    this.#isInTrouble = true
  }

  /** The application asks for a refresh: that ends the cool-down. */
  isAsked(): void {
    this.asked++
    this.#isInTrouble = false
  }

  adopts({ serial, lifetime, epoch, at }: Issued): void {
    if (epoch.group !== this.epoch.group) return
    this.#inUse = { serial, since: this.turn }
    this.#adopted = { at, lifetime }
    this.#isInTrouble = false
  }

  /** A set that stayed in the store after an inferred end is refreshed: its epoch goes on. */
  resumes(user: string): ModelEpoch {
    const { known, group } = this.#ended ?? { known: {}, group: {} }
    this.#startEpoch({ user, known, group })
    return this.epoch
  }

  ends(): void {
    this.#ended = this.epoch
    this.#startEpoch({ user: undefined, known: {}, group: {} })
  }

  #startEpoch(epoch: ModelEpoch): void {
    this.epoch = epoch
    this.signIns++
    this.#inUse = { serial: 0, since: this.turn }
    this.#newestSent = { serial: 0, turn: 0 }
    this.#signedOut = undefined
    this.#blocked = undefined
    this.#isInTrouble = false
  }

  #continues(before: ModelEpoch): boolean {
    return (
      before.group === this.epoch.group || (this.epoch.user !== undefined && isSameUser(before.known, this.epoch.known) === true)
    )
  }
}
