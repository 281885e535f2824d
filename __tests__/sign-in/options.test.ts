import { finishSignIn, SignInError, signOut, startSignIn, type SignInClient } from '../../src/sign-in/index.js'
import { json } from './helpers/fake-issuer.js'
import { fakeSession } from './helpers/fake-session.js'
import { failureOf, openFlow, type Flow } from './helpers/flow.js'

let flow: Flow
beforeEach(() => {
  flow = openFlow()
  flow.server.token = () => json({ access_token: 'at' })
})
afterEach(() => flow.page.close())

const deny = (): never => {
  throw new DOMException('denied', 'SecurityError')
}

describe('a browser that refuses storage while a sign-in waits', () => {
  it('is SIGN_IN_STORAGE_UNAVAILABLE when the response cannot be marked as used, and the code is not sent', async () => {
    await flow.respond()
    flow.page.storage.set = deny
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({
      code: 'SIGN_IN_STORAGE_UNAVAILABLE',
      cause: { name: 'SecurityError' },
    })
    expect(flow.server.requests.map(({ path }) => path)).not.toContain('/token')
  })

  it('is SIGN_IN_STORAGE_UNAVAILABLE when it refuses the lock', async () => {
    await flow.respond()
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
    Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks: { request: async () => deny() } } })
    try {
      expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_STORAGE_UNAVAILABLE' })
    } finally {
      if (descriptor) Object.defineProperty(globalThis, 'navigator', descriptor)
      else Reflect.deleteProperty(globalThis, 'navigator')
    }
  })
})

describe('the option url of finishSignIn', () => {
  it.each(['path', 'query'])('may be a %s of the page', async (form) => {
    await flow.respond()
    const { pathname, search } = new URL(flow.page.address())
    const url = form === 'path' ? pathname + search : search
    expect(await finishSignIn(flow.client, fakeSession(), { url })).toEqual({ returnTo: '/orders' })
    expect(flow.page.address()).toBe('https://app.example/orders')
  })

  it('is a TypeError that names it when it is no address', async () => {
    await expect(finishSignIn(flow.client, fakeSession(), { url: 'https://' })).rejects.toThrow(
      new TypeError('finishSignIn: url must be an address'),
    )
  })
})

describe('the redirect URI', () => {
  it.each(['/#/callback', '/callback#', 'https://app.example/callback#top'])(
    'must not have a fragment: %s',
    async (redirectUri) => {
      await expect(startSignIn({ ...flow.client, redirectUri })).rejects.toThrow(
        new TypeError('startSignIn: redirectUri must not have a fragment (RFC 6749 §3.1.2)'),
      )
    },
  )

  it.each([{ redirectUri: '' }, { redirectUri: undefined }, { redirectUri: null }, { postLogoutRedirectUri: '' }])(
    'must not be missing: %j',
    async (change) => {
      const [name] = Object.keys(change)
      await expect(startSignIn({ ...flow.client, ...change } as unknown as SignInClient)).rejects.toThrow(
        new TypeError(`startSignIn: ${name} must be an https URL; plain http is for loopback only`),
      )
    },
  )

  it.each(['/callback?tenant=1', 'callback?tenant=1', new URL('https://app.example/callback?tenant=1')])(
    'is resolved against the origin of the page: %s',
    async (redirectUri) => {
      await startSignIn({ ...flow.client, redirectUri })
      const sent = new URL(flow.page.visited.at(-1)!).searchParams.get('redirect_uri')
      expect(sent).toBe('https://app.example/callback?tenant=1')
    },
  )
})

it('a failed sign-in is retried with startSignIn: finishSignIn rejects again and sends nothing', async () => {
  let requests = 0
  flow.server.token = () => (requests++, json({}, 503))
  await flow.respond()
  const url = flow.page.address()
  for (let call = 0; call < 2; call++)
    expect(await failureOf(finishSignIn(flow.client, fakeSession(), { url }))).toMatchObject({ code: 'SIGN_IN_UNAVAILABLE' })
  expect(requests).toBe(1)
  flow.server.token = () => json({ access_token: 'at' })
  await flow.respond()
  expect(await finishSignIn(flow.client, fakeSession())).toMatchObject({ returnTo: expect.any(String) })
})

it.each([
  ['the token endpoint answered with an error', 'the token endpoint answered with an error. See docs/'],
  ['is it the issuer?', 'is it the issuer? See docs/'],
])('the message of a failed sign-in is a sentence before the reference: %s', (message, expected) => {
  expect(new SignInError('SIGN_IN_MISCONFIGURED', message).message).toContain(expected)
})

describe('an option that is unknown or has a wrong value is a TypeError that names it, and nothing is sent', () => {
  it.each<[object | null, string]>([
    [{ prompt: 5 }, 'startSignIn: prompt must be a string'],
    [{ parameters: 'x' }, 'startSignIn: parameters must be an object whose values are strings'],
    [{ parameters: { resource: ['a', 'b'] } }, 'startSignIn: parameters must be an object whose values are strings'],
    [{ navigate: 5 }, 'startSignIn: navigate must be a function'],
    [{ returnto: '/a' }, 'startSignIn: returnto is unknown; known are returnTo, prompt, loginHint, parameters, navigate'],
    [null, 'startSignIn: the options must be an object'],
  ])('startSignIn(client, %j)', async (options, message) => {
    await expect(startSignIn(flow.client, options as never)).rejects.toThrow(new TypeError(message))
    expect([flow.server.requests, [...flow.page.storage.keys()]]).toEqual([[], []])
  })

  it.each<[object | string, string]>([
    [{ clientSecret: 's' }, 'startSignIn: clientSecret is unknown'],
    [{ redirect_uri: '/x' }, 'startSignIn: redirect_uri is unknown'],
    [{ fetch: 5 }, 'startSignIn: fetch must be a function'],
    [{ metadata: 'x' }, 'startSignIn: metadata must be an object'],
    [{ dangerouslyAllowInsecureHttp: 'false' }, 'startSignIn: dangerouslyAllowInsecureHttp must be true or false'],
  ])('in a client: %j', async (change, message) => {
    await expect(startSignIn({ ...flow.client, ...(change as object) })).rejects.toThrow(message)
    expect(flow.server.requests).toEqual([])
  })

  it.each<[object | null, string]>([
    [{ uri: '/callback' }, 'finishSignIn: uri is unknown; known are url, navigate'],
    [{ navigate: '/x' }, 'finishSignIn: navigate must be a function'],
    [null, 'finishSignIn: the options must be an object'],
  ])('finishSignIn(client, session, %j)', async (options, message) => {
    await flow.respond()
    await expect(finishSignIn(flow.client, fakeSession(), options as never)).rejects.toThrow(new TypeError(message))
    expect(await finishSignIn(flow.client, fakeSession())).toMatchObject({ returnTo: '/orders' })
  })

  it.each<[object | null, string]>([
    [{ revok: false }, 'signOut: revok is unknown; known are revoke, navigate'],
    [{ revoke: 'no' }, 'signOut: revoke must be true or false'],
    [null, 'signOut: the options must be an object'],
  ])('signOut(client, session, %j)', async (options, message) => {
    const session = fakeSession()
    await expect(signOut(flow.client, session, options as never)).rejects.toThrow(new TypeError(message))
    expect(session.signedOut).toEqual([])
  })

  it('the session of signOut', async () => {
    for (const session of [undefined, {}])
      await expect(signOut(flow.client, session as never)).rejects.toThrow(new TypeError('signOut: session must be a session'))
  })
})

it('members that the address of the page does not hold may be null', async () => {
  await startSignIn(flow.client, { returnTo: null, loginHint: null, parameters: { audience: undefined } } as never)
  const { searchParams } = new URL(flow.page.visited.at(-1)!)
  expect([searchParams.has('login_hint'), searchParams.has('audience')]).toEqual([false, false])
})

it('startSignIn on a platform without a page is a TypeError that says so', async () => {
  flow.page.close()
  await expect(startSignIn(flow.client)).rejects.toThrow(
    new TypeError('startSignIn: there is no page: a server and React Native have no location'),
  )
})
