// The steps of each request over time, drawn as one row for each request of a sample.
import { cyan, dim, green, red, yellow } from './view.js'

export type Step = 'sent' | 'rejected' | 'waiting' | 'sent again' | 'answered'

interface Row {
  label: string
  steps: { step: Step; at: number }[]
}

export class Timeline {
  readonly #rows = new Map<string, Row>()
  readonly #marks: { text: string; at: number }[] = []
  readonly #begin = performance.now()

  #now(): number {
    return performance.now() - this.#begin
  }

  row(label: string): void {
    this.#rows.set(label, { label, steps: [] })
  }

  /** Begins a step of the request at this path. */
  note(path: string, step: Step): void {
    this.#rows.get(path)?.steps.push({ step, at: this.#now() })
  }

  /** Notes refresh, save, use or re-send: the first time only. */
  mark(text: string): void {
    if (!this.#marks.some((mark) => mark.text === text)) this.#marks.push({ text, at: this.#now() })
  }

  marks(): string[] {
    return this.#marks.map(({ text, at }) => `${dim(`${at.toFixed(0).padStart(5)} ms`)}  ${text}`)
  }

  draw(sample: number, width = 52): string[] {
    const end = this.#now()
    const column = (at: number): number => Math.min(width - 1, Math.floor((at / end) * width))
    return [...this.#rows.values()]
      .filter((_, i, all) => i % Math.ceil(all.length / sample) === 0)
      .map(({ label, steps }) => {
        const cells = Array.from({ length: width }, () => ' ')
        steps.forEach(({ step, at }, i) => {
          const until = column(steps[i + 1]?.at ?? at)
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
