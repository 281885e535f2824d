import { catchesEach } from './caught.js'
import { invariants, type Invariant } from './invariants.js'
import { programs } from './programs.js'
import type { Breakage } from './subject.js'

/** For each invariant, sessions that were broken so that it doesn't hold. */
const breakages: [Invariant, string, Breakage][] = [
  [
    'redeemedOnce',
    'that forgets the new refresh token',
    {
      file: 'tokens.ts',
      find: 'const tokens = { ...kept, ...answer } as TokenSet',
      replace: 'const tokens = { ...answer, ...kept, access_token: answer.access_token } as TokenSet',
    },
  ],
  [
    'oneFlight',
    'that starts a flight for each who needs one',
    { file: 'session/session.ts', find: 'if (this.#flight) return this.#flight.landed', replace: '' },
  ],
  [
    'settles',
    'that tells nobody of a failure',
    {
      file: 'session/session.ts',
      find: '    flight.fail(error)\n    if (flight.overtaken)',
      replace: '    if (flight.overtaken)',
    },
  ],
  [
    'settles',
    'whose refresh has no time limit',
    { file: 'session/token-request.ts', find: '    environment,\n    ms,\n', replace: '    environment,\n    1e12,\n' },
  ],
  [
    'settles',
    'whose store has no time limit',
    {
      file: 'session/vault.ts',
      find: 'return await withTimeLimit(this.#environment, storeTimeout, step, () => new Error(`no answer within ${storeTimeout} ms`))',
      replace: 'return await step()',
    },
  ],
  [
    'noRejected',
    'that goes on with a token that was rejected',
    { file: 'session/session.ts', find: 'this.#standing.reject()', replace: 'void 0' },
  ],
  [
    'noOlder',
    'that reads the store before its own changes are there',
    { file: 'session/vault.ts', find: 'return this.#inTurn(() => this.read())', replace: 'return this.read()' },
  ],
  [
    'noOtherUser',
    'that sends a refused request again for whoever is signed in now',
    {
      file: 'session/session.ts',
      find: "state.status !== 'signed-in' || state.held.epoch !== rejected.epoch",
      replace: "state.status !== 'signed-in'",
    },
  ],
  [
    'noOtherUser',
    'that lets waiting requests go on under another name',
    { file: 'session/session.ts', find: "if (before === 'signed-in')", replace: 'if (false as boolean)' },
  ],
  [
    'signOutFinal',
    'whose flight brings the old session back',
    { file: 'session/session.ts', find: '    flight.overtaken = true\n', replace: '' },
  ],
  [
    'signOutFinal',
    'that takes what it could not delete for a new sign-in',
    { file: 'session/vault.ts', find: 'if (this.#blind) this.know(stored)', replace: '' },
  ],
  [
    'storedFirst',
    'that releases the requests before the new set is stored',
    {
      file: 'session/renewal.ts',
      find: 'const outcome = await tools.vault\n',
      replace:
        'const outcome: { stored: boolean; found?: TokenJSON | undefined } | void = { stored: true }\n  void tools.vault\n',
    },
  ],
  [
    'twoSends',
    'that recovers a request again and again',
    {
      file: 'axios/recover.ts',
      find: 'return sendAgain(instance, config, left)',
      replace:
        'return sendAgain(instance, config, left).catch((error) => (error.response && cure(error.response)) ?? Promise.reject(error))',
    },
  ],
  [
    'budget',
    'that counts no flights',
    {
      file: 'session/brakes.ts',
      find: 'if (withinBudget(this.#starts, now, refreshLimit)) return undefined',
      replace: 'return undefined',
    },
  ],
  [
    'nothingLeft',
    'that leaves its timers behind',
    {
      file: 'session/time-limit.ts',
      find: 'const settle = (): void => cancel()',
      replace: 'const settle = (): void => void cancel',
    },
  ],
  [
    'nothingLeft',
    'that leaves its listeners behind',
    { file: 'axios/wait.ts', find: "signal?.removeEventListener?.('abort', onAbort)", replace: '' },
  ],
]

describe('the model catches a session', () => catchesEach('session', invariants, breakages, programs))
