import { catchesEach } from './caught.js'
import { invariants, type Invariant } from './invariants.js'
import { programs } from './programs.js'
import type { Breakage } from './subject.js'

const coordinator = 'session/refresh-coordinator.ts'
const provider = 'session/token-provider.ts'

/** For each invariant, sessions that were broken so that it doesn't hold. */
const breakages: [Invariant, string, Breakage][] = [
  [
    'redeemedOnce',
    'that forgets the new refresh token',
    {
      file: 'tokens.ts',
      find: 'const tokens = { ...kept, ...answer.tokens }',
      replace: 'const tokens = { ...answer.tokens, ...kept, access_token: answer.tokens.access_token }',
    },
  ],
  [
    'oneRefresh',
    'that starts a refresh for each request that needs one',
    {
      file: coordinator,
      find: 'const current = this.#current\n    if (!current)',
      replace: 'const current = undefined as InFlightRefresh | undefined\n    if (!current)',
    },
  ],
  [
    'settles',
    'whose waiting requests hear of no failure',
    { file: 'session/refresh-outcome.ts', find: "      run.settle({ type: 'failed', error })\n", replace: '' },
  ],
  [
    'settles',
    'whose refresh has no time limit',
    {
      file: 'session/token-request.ts',
      find: 'withTimeLimit(environment, timeout, () =>',
      replace: 'withTimeLimit(environment, 1e12, () =>',
    },
  ],
  [
    'settles',
    'whose store has no time limit',
    {
      file: 'persistence/store-access.ts',
      find: 'return await withTimeLimit(this.#environment, this.#timeout, step, `no answer within ${this.#timeout} ms`)',
      replace: 'return await step()',
    },
  ],
  [
    'noRejected',
    'that sends a rejected token while the refresh for it runs',
    { file: 'session/state.ts', find: '    this.#isBlocked = isBlocked\n', replace: '    void isBlocked\n' },
  ],
  [
    'noOlder',
    'that reads the store before its own changes are there',
    { file: 'persistence/store-access.ts', find: 'return this.#enqueue(() => this.#read())', replace: 'return this.#read()' },
  ],
  [
    'epoch',
    'that sends a request in every epoch',
    {
      file: provider,
      find: 'return epoch === undefined || isSameEpoch(epoch, this.#state.epoch)',
      replace: 'return epoch === undefined || isSameEpoch(epoch, epoch)',
    },
  ],
  [
    'epoch',
    'that sends the config of an earlier epoch again',
    { file: provider, find: 'return continuesEpoch(epoch, this.#state.epoch)', replace: 'return continuesEpoch(epoch, epoch)' },
  ],
  [
    'noOtherUser',
    'that takes every sign-in for the same user’s',
    {
      file: 'session/state.ts',
      find: "if (!isSame || this.#state.status !== 'signed_in') this.#startEpoch(record.identity)",
      replace: '',
    },
  ],
  [
    'signOutFinal',
    'whose refresh brings the old session back',
    { file: coordinator, find: '    run.isSuperseded = true\n', replace: '' },
  ],
  [
    'signOutFinal',
    'that takes what it could not delete for a new sign-in',
    { file: 'persistence/store-access.ts', find: 'if (this.#overwriting) this.acknowledge(stored)', replace: '' },
  ],
  [
    'signOutFinal',
    'that sends the token after a listener of refresh_started has signed out',
    { file: provider, find: 'return state.token === token ? token : undefined', replace: 'return token' },
  ],
  [
    'signOutFinal',
    'that sends the token after a listener of sent has signed out',
    {
      file: 'axios/authorize.ts',
      find: '// A listener may have ended the epoch.\n      requireEpoch(provider, epoch, config)',
      replace: '',
    },
  ],
  [
    'storedFirst',
    'that releases the requests before the new set is stored',
    {
      file: 'persistence/renew.ts',
      find: 'const conflict = await access.replace(recordToJSON(record), superseded)',
      replace: 'const conflict: any = await (void access.replace(recordToJSON(record), superseded), Promise.resolve())',
    },
  ],
  [
    'twoSends',
    'that recovers a request again and again',
    {
      file: 'axios/recover.ts',
      find: 'return sendAgain(context, config, context.provider.latest(replacement.token, context.epoch), response)',
      replace:
        'return sendAgain(context, config, context.provider.latest(replacement.token, context.epoch), response).catch((error) => (error.response && recover(error.response, false)) ?? Promise.reject(error))',
    },
  ],
  [
    'limit',
    'that counts no refreshes',
    {
      file: 'session/refresh-throttle.ts',
      find: 'if (withinRefreshLimit(this.#starts, now, refreshLimit)) return undefined',
      replace: 'return undefined',
    },
  ],
  [
    'neverWorse',
    'whose requests reject with the failed refresh',
    {
      file: provider,
      find: "return result.type === 'failed' && token?.accessToken !== undefined ? { type: 'token', token } : result",
      replace: 'return result',
    },
  ],
  [
    'oneRouteDoesNotCondemn',
    'that sends nothing past the limit of refreshes',
    {
      file: provider,
      find: 'return usesPresent ? this.#presentInstead(failed) : failed',
      replace: 'return failed',
    },
  ],
  [
    'inUseNotRevoked',
    'that revokes every set which came too late',
    {
      file: 'session/revocation.ts',
      find: 'if (isInUse || isSameUser(present.identity, unused.identity) !== false) return',
      replace: 'void isInUse',
    },
  ],
  ['memoryAndStore', 'that saves a set once only', { file: provider, find: 'void sync.saveAgain()', replace: '' }],
  [
    'memoryAndStore',
    'whose close() does not wait for a sign-in',
    {
      file: 'session/session-operations.ts',
      find: '.then(() => this.#writes.settled)',
      replace: '',
    },
  ],
  [
    'listenersAfterState',
    'that announces a failure before it is in the snapshot',
    {
      file: 'session/refresh-outcome.ts',
      find: "      snapshots.showError(error)\n      run.settle({ type: 'failed', error })",
      replace: "      run.settle({ type: 'failed', error })",
    },
  ],
  [
    'snapshotIdentity',
    'that makes a snapshot for each look',
    {
      file: 'session/snapshot.ts',
      find: 'if (!hasSameContent(next, this.#snapshot)) this.#snapshot',
      replace: 'void hasSameContent\n    this.#snapshot',
    },
  ],
  [
    'keepsItsFunction',
    'that calls the function of a later attachment',
    {
      file: coordinator,
      find: 'const settings = { ...this.#services.settings }',
      replace: 'const { settings } = this.#services',
    },
  ],
  [
    'closed',
    'that refreshes after close()',
    { file: coordinator, find: 'if (this.#isClosed) return sessionClosed()', replace: '' },
  ],
  [
    'nothingLeft',
    'that leaves its timers behind',
    { file: 'session/time-limit.ts', find: '.then(resolve, reject).finally(() => cancel())', replace: '.then(resolve, reject)' },
  ],
  [
    'nothingLeft',
    'that leaves its abort listeners behind',
    { file: 'axios/deadline.ts', find: "signal?.removeEventListener?.('abort', onAbort)", replace: '' },
  ],
]

describe('the model catches a session', () => catchesEach('session', invariants, breakages, programs))
