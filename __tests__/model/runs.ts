/**
 * How often the programs are run. `npm test` runs the same ones each time; with `MODEL_RUNS` they are drawn at random. `MODEL_SEED` and `MODEL_PATH` run a
 * counterexample again.
 */
export function runs(usual: number): { numRuns: number; seed?: number; path?: string } {
  const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env
  const seed = MODEL_SEED ?? (MODEL_RUNS ? undefined : '20261124')
  return {
    numRuns: Number(MODEL_RUNS ?? usual),
    ...(seed && { seed: Number(seed) }),
    ...(MODEL_PATH && { path: MODEL_PATH }),
  }
}
