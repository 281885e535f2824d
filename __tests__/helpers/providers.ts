import { checkNames, tryCheck, waysFor, type CheckName } from '../../scripts/providers/checks.js'
import type { Provider } from '../../scripts/providers/provider.js'
import { mistakesIn, type Shape, type ShapeTable } from '../../scripts/providers/shape-table.js'
import type { Table } from '../../scripts/providers/tables.js'

/** The answers of the first two kinds differ in one check. */
export function checksFor({ title }: Table): readonly CheckName[] {
  if (/end/.test(title)) return ['ended']
  if (/overload/i.test(title)) return ['overload kept']
  return checkNames
}

/** Runs the checks in all ways. */
export async function mistakesOf(provider: Provider, names: readonly CheckName[]): Promise<string[]> {
  const trials = names.flatMap((name) => waysFor(name, provider).map((way) => tryCheck(name, provider, way)))
  return (await Promise.all(trials)).filter((mistake) => mistake !== undefined)
}

/** Runs all checks of a table on one of its shapes, in all ways. */
export async function mistakesOfShape<Row extends Shape, Way extends string>(
  table: ShapeTable<Row, Way>,
  shape: Row,
): Promise<string[]> {
  const found = await Promise.all(Object.keys(table.checks).map((name) => mistakesIn(table, shape, name)))
  return found.flat()
}
