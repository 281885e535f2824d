import { catchesEach } from './caught.js'
import { sharedInvariants, sharedPrograms, type SharedInvariant } from './shared.js'
import type { Breakage } from './subject.js'

/** For each invariant, sessions that were broken so that it doesn't hold. */
const breakages: [SharedInvariant, string, Breakage][] = [
  [
    'redeemedOnce',
    'that does not read again under the lock',
    {
      file: 'persistence/renew.ts',
      find: 'access.changedExternally(stored) ? evaluate',
      replace: '(false as boolean) ? evaluate',
    },
  ],
  [
    'redeemedOnce',
    'that goes on without the lock',
    {
      file: 'persistence/renew.ts',
      find: "if (lost?.aborted) throw storeError(access.name, 'be locked', lost.reason)",
      replace: '',
    },
  ],
  [
    'oneAtATime',
    'that takes no lock',
    {
      file: 'persistence/shared.ts',
      find: 'started(this.#store.lock(locked, waiting.signal))',
      replace: 'started(locked() as any)',
    },
  ],
  [
    'neverOlder',
    'that overwrites whatever is there',
    {
      file: 'persistence/store-access.ts',
      find: "if (this.changedExternally(present) && (present || !restores)) return { found: present }\n      if ((await this.#write(tokens, present, 'replace')) !== false)",
      replace: "if ((await this.#write(tokens, present, 'replace')) !== false)",
    },
  ],
  [
    'signOutWins',
    'that overwrites a sign-out',
    {
      file: 'persistence/store-access.ts',
      find: 'if (this.changedExternally(present) && (present || !restores)) return { found: present }',
      replace: 'if (present && this.changedExternally(present)) return { found: present }',
    },
  ],
  [
    'oneUser',
    'that knows no marker of a sign-in',
    {
      file: 'token-record.ts',
      find: 'return found.signIn !== undefined && found.signIn !== known.signIn',
      replace: 'return false',
    },
  ],
  [
    'userChanged',
    'that does not announce another user',
    {
      file: 'session/state.ts',
      find: "return [...(isOther ? ([['user_changed', { generation }]] as EventCall[]) : []), ['adopted', { generation }]]",
      replace: "return [['adopted', { generation }]]",
    },
  ],
  [
    'memoryAndStore',
    'that reads the store at no notice',
    {
      file: 'session/store-sync.ts',
      find: "if (isChangePending || (state.current.status === 'unknown' && !reading)) return",
      replace: 'if (environment) return',
    },
  ],
  [
    'noLockWhileListening',
    'that calls listeners under the lock',
    { file: 'session/refresh-coordinator.ts', find: 'notifications.postpone(events)', replace: 'notifications.notify(events)' },
  ],
  [
    'settles',
    'whose waiting requests hear of no failure',
    { file: 'session/refresh-outcome.ts', find: "      run.settle({ type: 'failed', error })\n", replace: '' },
  ],
]

describe('the model of a shared store catches a session', () =>
  catchesEach('shared', sharedInvariants, breakages, sharedPrograms))
