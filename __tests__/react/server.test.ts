import { jest } from '@jest/globals'
import { createElement, type FunctionComponent } from 'react'
import { renderToString } from 'react-dom/server'
import { createSession, memoryStore } from '../../src/index.js'
import { OAuthProvider, SessionLoading, SignedIn, SignedOut, useOAuthSession, type ReactSession } from '../../src/react/index.js'
import { fakeSession, signedIn, signedOut } from './helpers/fake-session.js'

const Status: FunctionComponent = () => useOAuthSession(({ status }) => status)
const render = (session: ReactSession): string =>
  renderToString(
    createElement(
      OAuthProvider,
      { session },
      createElement(Status),
      createElement(SessionLoading, null, '-loading'),
      createElement(SignedIn, null, '-in'),
      createElement(SignedOut, null, '-out'),
    ),
  ).replaceAll('<!-- -->', '')

let warnings: string[]
beforeEach(() => {
  warnings = []
  jest.spyOn(console, 'warn').mockImplementation((message) => void warnings.push(String(message)))
})
afterEach(() => jest.restoreAllMocks())

describe('on a rendering server', () => {
  it.each([
    ['unknown', fakeSession()],
    ['signed in', fakeSession(signedIn)],
    ['signed out', fakeSession(signedOut)],
  ])('a session that is %s renders as unknown, which is what the browser hydrates with', (_name, session) => {
    expect(render(session)).toBe('unknown-loading')
  })

  it('a session that holds tokens is reported once in development', () => {
    const session = fakeSession(signedIn)
    render(session)
    render(session)
    expect(warnings).toEqual([expect.stringMatching(/all users of this server share it.*one session for each request/)])
    render(fakeSession(signedIn))
    expect(warnings).toHaveLength(2)
  })

  it('a real session of a module, shared by all users, is reported', async () => {
    const session = createSession(memoryStore({ access_token: 'made-up' }), { refresh: false })
    await session.tokens()
    expect(render(session)).toBe('unknown-loading')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).not.toContain('made-up')
  })

  it('a session without tokens is not reported', () => {
    render(fakeSession())
    render(fakeSession(signedOut))
    expect(warnings).toEqual([])
  })

  it('nothing is reported in production', () => {
    const { NODE_ENV } = process.env
    process.env.NODE_ENV = 'production'
    try {
      render(fakeSession(signedIn))
    } finally {
      process.env.NODE_ENV = NODE_ENV
    }
    expect(warnings).toEqual([])
  })

  it('a session that is missing is a TypeError that says where to put it', () => {
    const whole = /useOAuthSession: render it below <OAuthProvider session=\{session\}>, or pass a session/
    expect(() => renderToString(createElement(Status))).toThrow(whole)
    expect(() => renderToString(createElement(OAuthProvider, { session: undefined as never }))).toThrow(
      'OAuthProvider: session must be a session',
    )
  })
})
