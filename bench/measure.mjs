// Interleaved rounds, medians with their spread, and a row that repeats the floor to show the noise.

const sorted = (list) => [...list].sort((a, b) => a - b)
export const median = (list) => sorted(list)[list.length >> 1]

/** CPU time of an asynchronous run, in milliseconds. */
export async function cpu(run) {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Measures all contenders in turns; the first round warms up and isn't counted. */
export async function interleave(contenders, rounds, measure = cpu) {
  const figures = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      globalThis.gc?.()
      const figure = await measure(run)
      if (round > 0) figures[name].push(figure)
    }
  }
  return figures
}

/** Prints each contender's median against the floor's. */
export function print(title, figures, floorName, unit, digits = 0) {
  const floor = median(figures[floorName])
  console.log(`\n${title}`)
  for (const [name, list] of Object.entries(figures)) {
    const [low, high] = [sorted(list)[0], sorted(list).at(-1)].map((figure) => figure.toFixed(digits))
    const middle = median(list).toFixed(digits).padStart(7)
    console.log(`  ${name.padEnd(58)} ${middle} ${unit} (${low} to ${high})  × ${(median(list) / floor).toFixed(2)}`)
  }
}
