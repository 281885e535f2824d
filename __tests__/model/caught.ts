import fc from 'fast-check'
import { runs } from './runs.js'
import { broken, type Breakage, type Subject } from './subject.js'

/** For each invariant, sessions that were broken so that it doesn't hold: what random programs must find. */
export function catchesEach<Invariant extends string>(
  model: string,
  invariants: Readonly<Record<Invariant, string>>,
  breakages: readonly [Invariant, string, Breakage][],
  programs: (subject: Subject, only: Invariant) => fc.IAsyncPropertyWithHooks<[fc.Scheduler, unknown]>,
): void {
  it.each(breakages)(
    '(%s) %s',
    async (invariant, name, breakage) => {
      const subject = await broken(`${model} ${invariant} ${name}`, breakage)
      const { failed, errorInstance } = await fc.check(programs(subject, invariant), {
        ...runs(20_000),
        numRuns: 20_000,
        endOnFailure: true,
      })
      expect(failed).toBe(true)
      expect(String(errorInstance)).toContain(`${invariant}: ${invariants[invariant]}`)
    },
    240_000,
  )

  it('for each of its invariants', () => {
    expect(new Set(breakages.map(([invariant]) => invariant))).toEqual(new Set(Object.keys(invariants)))
  })
}
