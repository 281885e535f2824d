import { others } from '../../scripts/providers/tables.js'
import { checksFor, mistakesOf } from '../helpers/providers.js'

describe.each(others)('$title', (table) => {
  it.each(table.providers)(
    'works over real HTTP, through the grants and through own refresh functions: $name',
    async (provider) => {
      expect(await mistakesOf(provider, checksFor(table))).toEqual([])
    },
  )
})
