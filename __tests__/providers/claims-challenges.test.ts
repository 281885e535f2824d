import { claimsChallenges } from '../../scripts/providers/claims-challenges.js'
import { mistakesOfShape } from '../helpers/providers.js'

describe('Claims challenges, over real HTTP', () => {
  it.each(claimsChallenges.shapes)(
    'a refresh that carries the claims answers the challenge without a prompt, and the handler is asked when it can not: $name',
    async (shape) => {
      expect(await mistakesOfShape(claimsChallenges, shape)).toEqual([])
    },
  )
})
