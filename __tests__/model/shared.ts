import fc from 'fast-check'
import type { SessionEventName } from '../../src/index.js'
import { reactable, type Reaction } from './shared-tab.js'
import { SharedWorld, sharedInvariants, type SharedInvariant } from './shared-world.js'
import type { Identification } from './simulation.js'
import type { Subject } from './subject.js'
import { withoutStacks } from './without-stacks.js'

export { sharedInvariants, type SharedInvariant }

interface SignIn {
  readonly which: number
  readonly user: string
  readonly by: Identification
}

interface InListener {
  readonly which: number
  readonly name: SessionEventName
  readonly reaction: Reaction
}

interface Command {
  readonly text: string
  readonly act: (world: SharedWorld) => void | Promise<void>
}

const tab = fc.nat(2)
const command = <Value>(
  weight: number,
  text: string,
  values: fc.Arbitrary<Value>,
  act: (world: SharedWorld, value: Value) => void | Promise<void>,
): { weight: number; arbitrary: fc.Arbitrary<Command> } => ({
  weight,
  arbitrary: values.map((value) => ({ text: `${text} ${JSON.stringify(value)}`, act: (world) => act(world, value) })),
})

const forbidden = fc.constantFrom(false, false, false, true)
const commands = fc.oneof(
  command(8, 'request', fc.record({ which: tab, isForbidden: forbidden }), (world, { which, isForbidden }) =>
    world.request(which, isForbidden),
  ),
  command(8, 'step', fc.constantFrom(1, 2, 5, 20), (world, count) => world.step(count)),
  command(3, 'pass', fc.constantFrom(1000, 6000, 85_000, 110_000), (world, ms) => world.pass(ms)),
  command(3, 'refuse access tokens', fc.constant(0), (world) => world.refuseAccessTokens()),
  command(2, 'token endpoint', fc.constantFrom('answers', 'answers', 'loses the answer', '503'), (world, mode) => {
    world.tokenMode = mode
  }),
  command(1, 'store', fc.constantFrom('works', 'can not write'), (world, mode) => {
    world.isWritable = mode === 'works'
  }),
  command(2, 'stop', tab, (world, which) => world.stop(which)),
  command(2, 'go on', tab, (world, which) => world.goOn(which)),
  // What a lease is there for: somewhere in the middle of a refresh its holder stands still, another takes over, and it comes back.
  command(1, 'stop in the middle', fc.record({ which: tab, steps: fc.nat(16) }), async (world, { which, steps }) => {
    world.refuseAccessTokens()
    await world.request(which)
    await world.step(steps)
    world.stop(which)
    await world.pass(6000)
    await world.request(which + 1)
    await world.step(20)
    world.goOn(which)
  }),
  command(1, 'crash', tab, (world, which) => world.crash(which)),
  command(
    2,
    'sign in',
    fc.record({
      which: tab,
      user: fc.constantFrom('ann', 'ben'),
      by: fc.constantFrom('unknown', 'ID token', 'user', 'both'),
    }) as fc.Arbitrary<SignIn>,
    (world, { which, user, by }) => world.signIn(which, user, by),
  ),
  command(2, 'send again', fc.record({ which: tab, isCopy: fc.boolean() }), (world, { which, isCopy }) =>
    world.sendAgain(which, isCopy),
  ),
  command(
    2,
    'in a listener',
    fc.record({
      which: tab,
      name: fc.constantFrom(...reactable),
      reaction: fc.constantFrom('sign in', 'sign out', 'refresh', 'request'),
    }) as fc.Arbitrary<InListener>,
    (world, { which, name, reaction }) => world.inListener(which, name, reaction),
  ),
  command(1, 'sign out', tab, (world, which) => world.signOut(which)),
)

/** Random programs for three sessions over one store. Throws with the invariants that were broken; `only` looks for one of them. */
export function sharedPrograms(subject: Subject, only?: SharedInvariant): fc.IAsyncPropertyWithHooks<[fc.Scheduler, Command[]]> {
  withoutStacks()
  return fc.asyncProperty(fc.scheduler(), fc.array(commands, { maxLength: 40, size: 'max' }), async (scheduler, program) => {
    const world = new SharedWorld(subject, scheduler, 3)
    for (const { act } of program) await act(world)
    await world.finish()
    const violations = world.violations.filter(({ invariant }) => !only || invariant === only)
    if (violations.length > 0)
      throw new Error(
        [
          ...new Set(violations.map(({ invariant, detail }) => `${invariant}: ${sharedInvariants[invariant]} (${detail})`)),
          ...program.map(({ text }) => `  ${text}`),
        ].join('\n'),
      )
  })
}
