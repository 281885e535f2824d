// The demo's output: colour in a terminal, plain lines elsewhere.
const terminal = process.stdout.isTTY === true
const coloured = terminal && !process.env.NO_COLOR && !process.env.CI

const paint =
  (code: string) =>
  (text: unknown): string =>
    coloured ? `\u001b[${code}m${text}\u001b[0m` : String(text)
export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
export const yellow = paint('33')
export const cyan = paint('36')

export const say = (line = ''): void => console.log(line)
export const heading = (number: number, text: string): void => say(`\n${bold(cyan(number))}  ${bold(text)}`)
export const item = (text: string): void => say(`   ${text}`)

/** A progress bar, in a terminal only. */
export function progress(total: number): { step(): void; end(): void } {
  let done = 0
  const draw = (): void => {
    if (!terminal) return
    const filled = Math.round((done / total) * 40)
    process.stdout.write(
      `\r   ${green('█'.repeat(filled))}${dim('░'.repeat(40 - filled))} ${String(done).padStart(4)} of ${total}`,
    )
  }
  draw()
  return {
    step() {
      done++
      draw()
    },
    end() {
      if (terminal) process.stdout.write('\r\u001b[K')
    },
  }
}

/** Rows of columns, the first aligned left and the others right. */
export function table(rows: readonly (readonly (string | number)[])[]): string[][] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[column]!) : String(cell).padStart(widths[column]!))),
  )
}

/** Shows a token set with its secrets masked. */
export function masked(tokens: object): string[] {
  return Object.entries(tokens).map(([name, value]) => {
    const secret = /token$/.test(name) && typeof value === 'string'
    return `${name.padEnd(14)} ${secret ? dim(`${'•'.repeat(8)} (${value.length} characters, fingerprint ${fingerprint(value)})`) : value}`
  })
}

/** Tells whether a token has changed, and gives nothing away. */
function fingerprint(text: string): string {
  let hash = 5381
  for (const character of text) hash = (hash * 33 + character.charCodeAt(0)) >>> 0
  return (hash % 10_000).toString().padStart(4, '0')
}
