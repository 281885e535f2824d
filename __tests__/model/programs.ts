import fc from 'fast-check'
import { invariants, type Invariant } from './invariants.js'
import { eventNames } from './observer.js'
import { storeModes, tokenModes } from './servers.js'
import { Simulation, type Attaching, type Change } from './simulation.js'
import type { Subject } from './subject.js'
import { withoutStacks } from './without-stacks.js'

interface Command {
  readonly text: string
  readonly act: (simulation: Simulation) => void | Promise<void>
}

const command = <Value>(
  weight: number,
  text: string,
  values: fc.Arbitrary<Value>,
  act: (simulation: Simulation, value: Value) => void | Promise<void>,
): { weight: number; arbitrary: fc.Arbitrary<Command> } => ({
  weight,
  arbitrary: values.map((value) => ({
    text: `${text} ${JSON.stringify(value) ?? ''}`,
    act: (simulation) => act(simulation, value),
  })),
})

const seldom = <Value>(value: Value): fc.Arbitrary<Value | undefined> => fc.constantFrom(undefined, undefined, undefined, value)
const nothing = fc.constant(undefined)

const signIn: fc.Arbitrary<Change> = fc.record({
  type: fc.constant('sign in'),
  user: fc.constantFrom('ann', 'ben'),
  by: fc.constantFrom('unknown', 'ID token', 'user', 'both'),
})
const change: fc.Arbitrary<Change> = fc.oneof(
  signIn,
  fc.record({ type: fc.constant('sign out'), revoke: fc.boolean() }),
  fc.record({ type: fc.constantFrom('refresh', 'detach', 'request') }),
)
const flag = fc.constantFrom(undefined, true, false)
const attaching = fc.record({
  canRefresh: fc.constantFrom(true, true, false),
  strictSaving: flag,
  rejectSignedOut: flag,
}) as fc.Arbitrary<Attaching>

const commands: fc.Arbitrary<Command> = fc.oneof(
  command(
    8,
    'request',
    fc.record({ timeout: seldom(5000), isStream: seldom(true), isForbidden: seldom(true), validFor: seldom(60_000) }) as never,
    (simulation, kind: Parameters<Simulation['request']>[0]) => simulation.request(kind),
  ),
  command(6, 'step', fc.constantFrom(1, 2, 5, 20), (simulation, count) => simulation.step(count)),
  command(3, 'pass', fc.constantFrom(100, 1000, 11_000, 85_000, 110_000, 4_000_000), (simulation, ms) => simulation.pass(ms)),
  command(3, 'refuse access tokens', nothing, ({ servers }) => servers.refuseAccessTokens()),
  command(3, 'token endpoint', fc.constantFrom(...tokenModes, 'answers' as const, 'answers' as const), ({ servers }, mode) => {
    servers.tokenMode = mode
  }),
  command(2, 'store', fc.constantFrom(...storeModes, 'works' as const), ({ servers }, mode) => {
    servers.storeMode = mode
  }),
  command(1, 'lifetime', fc.constantFrom('short', 'usual', 'long'), ({ servers }, lifetime) => {
    servers.lifetime = lifetime
  }),
  command(1, 'clock jumps', fc.constantFrom(-3_600_000, -5000, 5000, 90_000, 3_600_000), (simulation, ms) => simulation.jump(ms)),
  command(1, 'clock of the server', fc.constantFrom(0, -60_000, 60_000), ({ servers }, ms) => {
    servers.skew = ms
  }),
  command(1, 'refuse, request and step', fc.constantFrom(2, 6), async (simulation, times) => {
    for (let i = 0; i < times; i++) {
      simulation.servers.refuseAccessTokens()
      await simulation.request({})
      await simulation.step(20)
    }
  }),
  command(1, 'abort', fc.nat(20), (simulation, which) => simulation.abort(which)),
  command(3, 'change', change, (simulation, value) => simulation.change(value)),
  command(
    3,
    'in a listener',
    fc.record({ moment: fc.constantFrom(...eventNames, 'subscribe' as const), change }),
    (simulation, value) => simulation.inListener(value.moment, value.change),
  ),
  command(2, 'send again', fc.constantFrom('the config', 'a copy', 'its headers'), (simulation, how) =>
    simulation.sendAgain(how),
  ),
  command(2, 'attach', attaching, (simulation, how) => simulation.attach(how)),
  command(1, 'other interceptor', fc.boolean(), (simulation, isAdded) =>
    isAdded ? simulation.addInterceptor() : simulation.removeInterceptor(),
  ),
  command(1, 'access token', fc.boolean(), (simulation, rejected) => simulation.getAccessToken(rejected)),
)

/** A program may end with the end of the session. */
const close: Command = { text: 'close', act: (simulation) => simulation.close() }
const program = fc.record({
  watchesRequests: fc.boolean(),
  before: fc.array(commands, { maxLength: 40, size: 'max' }),
  after: fc.option(fc.array(commands, { maxLength: 5 }), { freq: 8 }),
})

/** A random program, and the order in which answers come. Throws with the invariants that were broken; `only` looks for one of them. */
export function programs(
  subject: Subject,
  only?: Invariant,
): fc.IAsyncPropertyWithHooks<[fc.Scheduler, { watchesRequests: boolean; before: Command[]; after: Command[] | null }]> {
  withoutStacks()
  return fc.asyncProperty(fc.scheduler(), program, async (scheduler, { watchesRequests, before, after }) => {
    const all = after ? [...before, close, ...after] : before
    const simulation = new Simulation(subject, scheduler, watchesRequests)
    for (const { act } of all) await act(simulation)
    await simulation.finish()
    const violations = simulation.model.violations.filter(({ invariant }) => !only || invariant === only)
    if (violations.length > 0)
      throw new Error(
        [
          ...new Set(violations.map(({ invariant, detail }) => `${invariant}: ${invariants[invariant]} (${detail})`)),
          ...(watchesRequests ? ['  listeners of request events'] : []),
          ...all.map(({ text }) => `  ${text}`),
        ].join('\n'),
      )
  })
}
