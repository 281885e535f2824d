// The steps of each request over time, drawn as one row for each request of a sample.
import { cyan, dim, green, red, yellow } from './view.js'

export type Step = 'sent' | 'rejected' | 'waiting' | 'sent again' | 'answered'

/** The steps of a refresh. */
const marks = {
  refresh: 'the refresh token goes to the token endpoint',
  save: 'the new token set is in the file',
  use: 'the waiting requests get the new token',
  're-send': 'the rejected requests are sent again',
}

interface Row {
  label: string
  steps: { step: Step; at: number }[]
}

export class Timeline {
  readonly #rows = new Map<string, Row>()
  readonly #marks: { text: string; at: number }[] = []
  readonly #begin = Date.now()

  row(label: string): void {
    this.#rows.set(label, { label, steps: [] })
  }

  /**
   * Begins a step of the request at this path. `at`: the time of its event, which is notified later than it happens while the lock
   * of the store is held.
   */
  note(path: string, step: Step, at = Date.now()): void {
    this.#rows.get(path)?.steps.push({ step, at: at - this.#begin })
  }

  /** Notes refresh, save, use or re-send, with the time of its event: the first time only. */
  mark(text: keyof typeof marks, at: number): void {
    if (!this.#marks.some((mark) => mark.text === text)) this.#marks.push({ text, at: at - this.#begin })
  }

  /** In the order of the steps: an event of the refresh is notified when the lock of the store is free. */
  marks(): string[] {
    return Object.entries(marks).flatMap(([step, text]) => {
      const mark = this.#marks.find((mark) => mark.text === step)
      return mark ? [`${dim(`${String(mark.at).padStart(5)} ms`)}  ${step.padEnd(8)}  ${text}`] : []
    })
  }

  draw(sample: number, width = 52): string[] {
    const end = Date.now() - this.#begin
    const column = (at: number): number => Math.min(width - 1, Math.floor((at / end) * width))
    return [...this.#rows.values()]
      .filter((_, i, all) => i % Math.ceil(all.length / sample) === 0)
      .map(({ label, steps: noted }) => {
        const steps = noted.toSorted((a, b) => a.at - b.at || Number(a.step === 'answered') - Number(b.step === 'answered'))
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
