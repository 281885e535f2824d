// What happened to each request, and when, drawn as one row for each of a sample.
import { cyan, dim, green, red, yellow } from './view.mjs'

export class Timeline {
  #rows = new Map()
  #marks = []
  #begin = performance.now()

  #now() {
    return performance.now() - this.#begin
  }

  row(label) {
    const row = { label, steps: [] }
    this.#rows.set(label, row)
    return row
  }

  /** `sent`, `rejected`, `waiting`, `sent again`, `answered`: what the request at this path is doing from now on. */
  note(path, step) {
    this.#rows.get(path)?.steps.push({ step, at: this.#now() })
  }

  /** One of the four steps: refresh, save, use, re-send. Each is noted once. */
  mark(text) {
    if (!this.#marks.some((mark) => mark.text === text)) this.#marks.push({ text, at: this.#now() })
  }

  marks() {
    return this.#marks.map(({ text, at }) => `${dim(`${at.toFixed(0).padStart(5)} ms`)}  ${text}`)
  }

  draw(sample, width = 52) {
    const end = this.#now()
    const column = (at) => Math.min(width - 1, Math.floor((at / end) * width))
    return [...this.#rows.values()]
      .filter((_, i, all) => i % Math.ceil(all.length / sample) === 0)
      .map(({ label, steps }) => {
        const cells = Array.from({ length: width }, () => ' ')
        steps.forEach(({ step, at }, i) => {
          const until = steps[i + 1] ? column(steps[i + 1].at) : column(at)
          const fill = step === 'waiting' ? dim('░') : step === 'answered' ? ' ' : step === 'sent again' ? cyan('━') : yellow('─')
          for (let x = column(at); x <= until; x++) cells[x] = fill
        })
        for (const { step, at } of steps) {
          if (step === 'rejected') cells[column(at)] = red('✗')
          if (step === 'answered') cells[column(at)] = green('✓')
        }
        return `${label.padEnd(10)} ${dim('│')}${cells.join('')}${dim('│')} ${dim(
          steps
            .map(({ step }) => step)
            .filter((step) => step !== 'answered')
            .join(', '),
        )}`
      })
  }
}
