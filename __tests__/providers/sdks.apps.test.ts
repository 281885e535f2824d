import { runSDKs } from '../../scripts/providers/run-sdks.js'
import { sdkOutcomes } from '../../scripts/providers/sdks/outcomes.js'
import { tarball } from '../helpers/packed.js'

describe('an identity SDK as the refresh function, with the packages from npm', () => {
  let results: string[]
  beforeAll(async () => void (results = await runSDKs(tarball)), 150_000)

  it.each(Object.entries(sdkOutcomes))('keeps the session, ends it, or refreshes it: %s', (name, outcome) => {
    expect(results.filter((result) => result.startsWith(`${name} |`))).toEqual([`${name} | ${outcome}`])
  })

  it('has an expectation for each case', () => {
    expect(results).toHaveLength(Object.keys(sdkOutcomes).length)
  })
})
