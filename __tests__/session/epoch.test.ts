import { continuesEpoch, isSameEpoch, newEpoch } from '../../src/session/epoch.js'

describe('epochs', () => {
  it('differ by identity, even when their users are the same', () => {
    const [first, second] = [newEpoch({ user: 'ann' }), newEpoch({ user: 'ann' })]
    expect([isSameEpoch(first, first), isSameEpoch(first, second)]).toEqual([true, false])
  })

  it('are one when their groups are merged', () => {
    const [first, second, third] = [newEpoch({}), newEpoch({}), newEpoch({})]
    second.group = first.group
    expect([isSameEpoch(first, second), isSameEpoch(second, first), isSameEpoch(second, third)]).toEqual([true, true, false])
  })

  it.each([
    ['the same user by name', { user: 'ann' }, { user: 'ann' }, true],
    ['the same user by ID token', { subject: 'iss ann' }, { subject: 'iss ann' }, true],
    ['another user', { user: 'ann' }, { user: 'ben' }, false],
    ['an unknown user before', {}, { user: 'ann' }, false],
    ['an unknown user after', { user: 'ann' }, {}, false],
    ['two sign-ins of unknown users', { signIn: '1' }, { signIn: '2' }, false],
  ])(
    'a config may be sent again in the epoch of %s only when it is known to be the same user’s',
    (_what, before, now, expected) => {
      expect(continuesEpoch(newEpoch(before), newEpoch(now))).toBe(expected)
    },
  )

  it('a config may be sent again in its own epoch, also when the user is unknown', () => {
    const epoch = newEpoch({})
    expect(continuesEpoch(epoch, epoch)).toBe(true)
  })
})
