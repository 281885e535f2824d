import { OAuthError } from '../../src/errors.js'
import { defaultPolicy } from '../../src/policy.js'
import { Brakes } from '../../src/session/brakes.js'

const failure = new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up')

describe('the brakes of a session', () => {
  it('say at the limit how often it was refreshed, and what to check', () => {
    const brakes = new Brakes(defaultPolicy)
    for (let i = 0; i < 5; i++) brakes.started(i, false)
    expect(brakes.refusal('r1', 100)).toMatchObject({
      code: 'OAUTH_REFRESH_LIMIT',
      message: expect.stringMatching(/5 times within 30 s.*Check the audience and the scope/) as string,
    })
  })

  it('count the failures of each refresh token for itself', () => {
    const brakes = new Brakes(defaultPolicy)
    brakes.failed('r1', 0, failure)
    brakes.failed('r2', 10_000, failure)
    expect([brakes.refusal('r2', 19_999), brakes.refusal('r2', 20_000)]).toEqual([failure, undefined])
    brakes.failed('r2', 20_000, failure)
    expect([brakes.refusal('r2', 39_999), brakes.refusal('r2', 40_000)]).toEqual([failure, undefined])
  })
})
