export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A pause that doesn't round to milliseconds. */
export async function pauseFor(ms) {
  const end = performance.now() + ms
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves with what `condition` gives as soon as that is truthy; rejects after so many seconds. */
export async function until(what, seconds, condition) {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const result = await condition()
    if (result) return result
    if (performance.now() > end) throw new Error(`Not within ${seconds} s: ${what}`)
    await wait(2)
  }
}
