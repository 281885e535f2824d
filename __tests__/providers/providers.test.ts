import { tryCheck } from '../../scripts/providers/checks.js'
import { misconfigurations } from '../../scripts/providers/other-overloads.js'
import { ways } from '../../scripts/providers/provider.js'
import { documented, others } from '../../scripts/providers/tables.js'
import { checksFor, mistakesOf } from '../helpers/providers.js'

describe.each(documented)('$title', (table) => {
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
