import fc from 'fast-check'
import { invariants, type Invariant } from './invariants.js'
import { Simulation, type StoreMode, type TokenMode } from './simulation.js'
import type { Subject } from './subject.js'
import { withoutStacks } from './without-stacks.js'

const tokenModes: TokenMode[] = [
  'answers',
  'keeps the refresh token',
  'invalid_grant',
  'invalid_client',
  '503',
  'loses the answer',
  'hangs',
  'rubbish',
  'throws',
]
const storeModes: StoreMode[] = ['works', 'can not write', 'can not read', 'hangs']

type Act = (simulation: Simulation) => void | Promise<void>
interface Command {
  readonly text: string
  readonly act: Act
}

const command = <Value>(
  values: fc.Arbitrary<Value>,
  text: string,
  act: (simulation: Simulation, value: Value) => void | Promise<void>,
): fc.Arbitrary<Command> =>
  values.map((value) => ({ text: `${text} ${JSON.stringify(value) ?? ''}`, act: (simulation) => act(simulation, value) }))

const nothing = fc.constant(undefined)
const request = command(
  fc.record({ timeout: fc.constantFrom(0, 0, 0, 5000), stream: fc.constantFrom(false, false, false, true) }),
  'request',
  (simulation, kind) => simulation.request(kind),
)

const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: request },
  { weight: 6, arbitrary: command(fc.constantFrom(1, 2, 5, 20), 'step', (simulation, count) => simulation.step(count)) },
  {
    weight: 3,
    arbitrary: command(fc.constantFrom(100, 1000, 11_000, 85_000, 110_000, 4_000_000), 'pass', (simulation, ms) =>
      simulation.pass(ms),
    ),
  },
  { weight: 3, arbitrary: command(nothing, 'refuse access tokens', (simulation) => simulation.refuseAccessTokens()) },
  {
    weight: 3,
    arbitrary: command(
      fc.constantFrom(...tokenModes, 'answers' as const, 'answers' as const),
      'token endpoint',
      (simulation, mode) => {
        simulation.tokenMode = mode
      },
    ),
  },
  {
    weight: 2,
    arbitrary: command(fc.constantFrom(...storeModes, 'works' as const), 'store', (simulation, mode) => {
      simulation.storeMode = mode
    }),
  },
  {
    weight: 1,
    arbitrary: command(fc.constantFrom('short', 'usual', 'long'), 'lifetime', (simulation, lifetime) => {
      simulation.lifetime = lifetime
    }),
  },
  {
    weight: 1,
    arbitrary: command(fc.constantFrom(-3_600_000, -5000, 5000, 90_000, 3_600_000), 'clock jumps', (simulation, ms) =>
      simulation.jump(ms),
    ),
  },
  {
    weight: 1,
    arbitrary: command(fc.constantFrom(0, -60_000, 60_000), 'clock of the server', (simulation, ms) => {
      simulation.skew = ms
    }),
  },
  {
    weight: 1,
    arbitrary: command(fc.constantFrom(2, 6), 'refuse, request and step', async (simulation, times) => {
      for (let i = 0; i < times; i++) {
        simulation.refuseAccessTokens()
        await simulation.request({ timeout: 0, stream: false })
        await simulation.step(20)
      }
    }),
  },
  { weight: 1, arbitrary: command(fc.nat(20), 'abort', (simulation, which) => simulation.abort(which)) },
  { weight: 1, arbitrary: command(fc.constantFrom('ann', 'ben'), 'sign in', (simulation, user) => simulation.signIn(user)) },
  { weight: 1, arbitrary: command(fc.boolean(), 'sign out', (simulation, revoke) => simulation.signOut(revoke)) },
  { weight: 1, arbitrary: command(nothing, 'refresh', (simulation) => simulation.refresh()) },
)

/** A random program, and the order in which answers come. Throws with the invariants that were broken; `only` looks for one of them. */
export function programs(subject: Subject, only?: Invariant): fc.IAsyncPropertyWithHooks<[fc.Scheduler, Command[]]> {
  withoutStacks()
  return fc.asyncProperty(fc.scheduler(), fc.array(commands, { maxLength: 40, size: 'max' }), async (scheduler, program) => {
    const simulation = new Simulation(subject, scheduler)
    for (const { act } of program) await act(simulation)
    await simulation.finish()
    const violations = simulation.model.violations.filter(({ invariant }) => !only || invariant === only)
    if (violations.length > 0)
      throw new Error(
        [
          ...new Set(violations.map(({ invariant, detail }) => `${invariant}: ${invariants[invariant]} (${detail})`)),
          ...program.map(({ text }) => `  ${text}`),
        ].join('\n'),
      )
  })
}
