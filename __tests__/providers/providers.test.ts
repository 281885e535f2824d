import { checkNames, tryCheck, type CheckName } from '../../scripts/providers/checks.js'
import { ways, type Provider } from '../../scripts/providers/provider.js'
import { misconfigurations } from '../../scripts/providers/other-overloads.js'
import { documented, others, type Table } from '../../scripts/providers/tables.js'

/** The answers of the first two kinds differ in one check. */
function checksFor({ title }: Table): readonly CheckName[] {
  if (/end/.test(title)) return ['ended']
  if (/overload/i.test(title)) return ['overload kept']
  return checkNames
}

async function mistakesOf(provider: Provider, names: readonly CheckName[]): Promise<string[]> {
  const trials = names.flatMap((name) => (provider.ways ?? ways).map((way) => tryCheck(name, provider, way)))
  return (await Promise.all(trials)).filter((mistake) => mistake !== undefined)
}

describe.each([...documented, ...others])('$title', (table) => {
  it.each(table.providers)(
    'works over real HTTP, through the grants and through own refresh functions: $name',
    async (provider) => {
      expect(await mistakesOf(provider, checksFor(table))).toEqual([])
    },
  )
})

describe('A refusal of the client or the request', () => {
  it.each(misconfigurations)('keeps the tokens and names the setting: $name', async (shape) => {
    const provider = { name: shape.name, overloaded: shape }
    for (const way of ways)
      expect(await tryCheck('overload kept', provider, way)).toMatch(/the error: \["OAUTH_CLIENT_REFUSED",false\]/)
  })
})

it('every shape has a name of its own in its table, so that a failure can be found', () => {
  for (const { providers } of [...documented, ...others])
    expect(new Set(providers.map(({ name }) => name)).size).toBe(providers.length)
})
