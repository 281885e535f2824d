import { catchesEach } from './caught.js'
import { sharedInvariants, sharedPrograms, type SharedInvariant } from './shared.js'
import type { Breakage } from './subject.js'

/** For each invariant, sessions that were broken so that it doesn't hold. */
const breakages: [SharedInvariant, string, Breakage][] = [
  [
    'redeemedOnce',
    'that does not look again under the lock',
    { file: 'session/renewal.ts', find: 'if (vault.moved(stored)) {', replace: 'if (false as boolean) {' },
  ],
  [
    'redeemedOnce',
    'that does not mind having lost the lock',
    { file: 'session/renewal.ts', find: 'lost?.throwIfAborted()', replace: '' },
  ],
  [
    'oneAtATime',
    'that takes no lock',
    {
      file: 'session/vault.ts',
      find: 'if (!lock) return work(undefined, noop)',
      replace: 'if (lock) return work(undefined, noop)',
    },
  ],
  [
    'neverOlder',
    'that overwrites whatever is there',
    {
      file: 'session/vault.ts',
      find: "if (this.moved(present)) return { stored: false, found: present }\n      if ((await this.#write(tokens, present, 'replace')) !== false)",
      replace: "if ((await this.#write(tokens, present, 'replace')) !== false)",
    },
  ],
  [
    'signOutWins',
    'that overwrites a sign-out',
    {
      file: 'session/vault.ts',
      find: 'if (this.moved(present)) return { stored: false, found: present }',
      replace: 'if (present && this.moved(present)) return { stored: false, found: present }',
    },
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
]

describe('the model of a shared store catches a session', () =>
  catchesEach('shared', sharedInvariants, breakages, sharedPrograms))
