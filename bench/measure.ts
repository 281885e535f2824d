// Interleaved rounds, medians with their spread, and a row that repeats the baseline to show the noise.

const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b)
export const median = (list: readonly number[]): number => sorted(list)[list.length >> 1]!

/** CPU time of an asynchronous run, in milliseconds. */
export async function cpu(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

export type Figures = Record<string, number[]>

/** Measures all contenders in turns; the first round is a warm-up and isn't counted. */
export async function interleave(
  contenders: Record<string, () => Promise<unknown>>,
  rounds: number,
  measure = cpu,
): Promise<Figures> {
  const figures: Figures = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      globalThis.gc?.()
      const figure = await measure(run)
      if (round > 0) figures[name]!.push(figure)
    }
  }
  return figures
}

/** Prints each contender's median, and its ratio to that of the baseline. */
export function print(title: string, figures: Figures, baseline: string, unit: string, digits = 0): void {
  const reference = median(figures[baseline]!)
  console.log(`\n${title}`)
  for (const [name, list] of Object.entries(figures)) {
    const [low, high] = [Math.min(...list), Math.max(...list)].map((figure) => figure.toFixed(digits))
    const middle = median(list).toFixed(digits).padStart(7)
    console.log(`  ${name.padEnd(58)} ${middle} ${unit} (${low} to ${high})  × ${(median(list) / reference).toFixed(2)}`)
  }
}
