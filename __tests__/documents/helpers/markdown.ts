/** A table: the cells of each row by the names of the columns. */
export type Table = readonly Readonly<Record<string, string>>[]

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())

/** The text below a heading, up to the next heading of any level. Throws when there is none. */
export function section(markdown: string, heading: string): string {
  const found = markdown.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`))
  if (found === undefined) throw new Error(`no section "${heading}"`)
  return found.slice(heading.length)
}

/** The tables of a text, in their order. */
export function tables(markdown: string): Table[] {
  const blocks = markdown.match(/(?:^\|.*\n?)+/gm) ?? []
  return blocks.map((block) => {
    const [header = '', , ...rows] = block.trim().split('\n')
    const names = cellsOf(header)
    return rows.map((row) => Object.fromEntries(cellsOf(row).map((cell, i) => [names[i] ?? i, cell])))
  })
}

/** What stands in backticks in a text. */
export const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)

export interface Fence {
  readonly language: string
  readonly code: string
  readonly line: number
}

/** The fenced code blocks of a text. */
export function fences(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1]!,
    code: match[2]!,
    line: markdown.slice(0, match.index).split('\n').length + 1,
  }))
}

/** The anchors of the headings of a text, as GitHub makes them. */
export const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
