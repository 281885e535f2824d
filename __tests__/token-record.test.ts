import {
  isOtherUser,
  isSameUser,
  readRecord,
  recordToJSON,
  refreshedRecord,
  signInRecord,
  type Identity,
} from '../src/token-record.js'
import { mergeTokenResponse } from '../src/tokens.js'

const NOW = Date.UTC(2026, 0, 2)
const MARKER = 'axios-attach-oauth'
const tokens = { access_token: 'a1', refresh_token: 'r1' }
const idToken = (sub: string, iss = 'https://login.test'): string => `e30.${btoa(JSON.stringify({ iss, sub }))}.`

describe('the record of a sign-in', () => {
  it('is stored with a marker that tells this sign-in from another one', () => {
    expect(recordToJSON(signInRecord(tokens, NOW, undefined, 'id-1'))).toEqual({ ...tokens, [MARKER]: { sign_in: 'id-1' } })
  })

  it('is stored with the user that the application names', () => {
    expect(recordToJSON(signInRecord(tokens, NOW, 'ann', 'id-1'))).toEqual({
      ...tokens,
      [MARKER]: { sign_in: 'id-1', user: 'ann' },
    })
  })

  it('takes no marker from the tokens that it is given', () => {
    const copied = { ...tokens, [MARKER]: { sign_in: 'old', user: 'ben' } }
    expect(signInRecord(copied, NOW, undefined, 'id-1').identity).toEqual({ signIn: 'id-1' })
  })

  it('keeps the marker out of the tokens', () => {
    const { parsed } = signInRecord({ ...tokens, [MARKER]: { user: 'ben' } }, NOW, 'ann', 'id-1')
    expect(parsed.tokens).not.toHaveProperty([MARKER])
  })

  it.each([undefined, null, 'text', {}])('of what is no token set (%j) is refused', (json) => {
    expect(() => signInRecord(json as never, NOW, undefined, 'id-1')).toThrow(
      expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }),
    )
  })
})

describe('a stored record', () => {
  it('gives the identity of its marker and its ID token, and tokens without the marker', () => {
    const record = readRecord({ ...tokens, id_token: idToken('ann'), [MARKER]: { sign_in: 'id-1', user: 'account 7' } }, NOW)
    expect(record.identity).toEqual({ subject: expect.stringContaining('ann'), user: 'account 7', signIn: 'id-1' })
    expect(record.parsed.tokens).toEqual({ ...tokens, id_token: idToken('ann') })
  })

  it.each([undefined, null, 'text', 1, [], { sign_in: 1, user: '' }])('with the marker %j has no identity', (marker) => {
    expect(readRecord({ ...tokens, [MARKER]: marker }, NOW).identity).toEqual({})
  })

  it('is written as it was read, with its unknown members', () => {
    const stored = { ...tokens, custom: { kept: true }, [MARKER]: { sign_in: 'id-1', user: 'ann' } }
    expect(recordToJSON(readRecord(stored, NOW))).toEqual(stored)
  })

  it('without a marker is written without one', () => {
    expect(recordToJSON(readRecord(tokens, NOW))).toEqual(tokens)
  })
})

describe('the record after a refresh', () => {
  const merged = (response: object): ReturnType<typeof mergeTokenResponse> => mergeTokenResponse(tokens, response, NOW)

  it('keeps the marker', () => {
    const before = signInRecord(tokens, NOW, 'ann', 'id-1')
    expect(recordToJSON(refreshedRecord(merged({ access_token: 'a2' }), before))).toMatchObject({
      access_token: 'a2',
      [MARKER]: { sign_in: 'id-1', user: 'ann' },
    })
  })

  it('takes the subject of a new ID token', () => {
    const before = signInRecord(tokens, NOW, undefined, 'id-1')
    const after = refreshedRecord(merged({ access_token: 'a2', id_token: idToken('ann') }), before)
    expect(after.identity.subject).toBe(
      signInRecord({ ...tokens, id_token: idToken('ann') }, NOW, undefined, '2').identity.subject,
    )
  })

  it('without a record before it has no marker', () => {
    expect(refreshedRecord(merged({ access_token: 'a2' }), undefined).identity).toEqual({})
  })
})

describe('two identities', () => {
  const ann: Identity = { subject: 'login.test ann' }
  const ben: Identity = { subject: 'login.test ben' }
  it.each<[string, Identity, Identity, boolean | undefined, boolean]>([
    ['equal subjects: the same user', ann, { ...ann, signIn: '2' }, true, false],
    ['two subjects: another user', ann, ben, false, true],
    ['equal names: the same user', { user: 'x' }, { user: 'x', signIn: '2' }, true, false],
    ['two names: another user', { user: 'x' }, { user: 'y' }, false, true],
    ['subjects decide before names', { ...ann, user: 'x' }, { ...ann, user: 'y' }, true, false],
    [
      'a subject and a name: unknown, so another sign-in counts as another user’s',
      ann,
      { user: 'x', signIn: '2' },
      undefined,
      true,
    ],
    ['unknown users and one sign-in: the same session', { signIn: '1' }, { signIn: '1' }, undefined, false],
    ['unknown users and another sign-in: another user', { signIn: '1' }, { signIn: '2' }, undefined, true],
    ['a found set without a marker: the same session', { signIn: '1' }, {}, undefined, false],
    ['a marker where none was known: another user', {}, { signIn: '1' }, undefined, true],
    ['nothing known: the same session', {}, {}, undefined, false],
  ])('%s', (_what, known, found, same, isOther) => {
    expect([isSameUser(known, found), isOtherUser(known, found)]).toEqual([same, isOther])
  })

  it.each([
    ['another issuer and the same subject', idToken('ann'), idToken('ann', 'https://other.test'), false],
    ['the same issuer and subject', idToken('ann'), idToken('ann'), true],
    ['an ID token that can not be decoded', idToken('ann'), 'rubbish', undefined],
  ])('of ID tokens with %s', (_what, one, other, same) => {
    const of = (id_token: string): Identity => readRecord({ ...tokens, id_token }, NOW).identity
    expect(isSameUser(of(one), of(other))).toBe(same)
  })
})
