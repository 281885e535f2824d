import { mistakeOf } from './mistake.js'

/** One shape in which servers answer. */
export interface Shape {
  readonly name: string
  /** How the server is used: an option or the lines that are needed. Default: by itself. */
  readonly how?: string
}

/** The checks of one kind of shape by name. Each throws when something is wrong. */
export type ShapeChecks<Row extends Shape, Way extends string> = Readonly<
  Record<string, (shape: Row, way: Way) => Promise<unknown>>
>

/** Shapes with checks of their own. */
export interface ShapeTable<Row extends Shape, Way extends string> {
  readonly title: string
  readonly shapes: readonly Row[]
  readonly ways: readonly Way[]
  readonly checks: ShapeChecks<Row, Way>
}

/** Runs one check of a table on one of its shapes, in all ways. Resolves with the mistakes. */
export async function mistakesIn<Row extends Shape, Way extends string>(
  { checks, ways }: ShapeTable<Row, Way>,
  shape: Row,
  name: string,
): Promise<string[]> {
  const tries = ways.map((way) => mistakeOf(`${shape.name}, ${way}, ${name}`, async () => checks[name]?.(shape, way)))
  return (await Promise.all(tries)).filter((mistake) => mistake !== undefined)
}
