import { cookieSessions } from '../../scripts/providers/cookie-sessions.js'
import { mistakesOfShape } from '../helpers/providers.js'

describe('Sessions in HttpOnly cookies, over real HTTP', () => {
  it.each(cookieSessions.shapes)(
    'one refresh for five requests, the expiry, an end, an overload and another user are right with $name',
    async (shape) => {
      expect(await mistakesOfShape(cookieSessions, shape)).toEqual([])
    },
  )
})
