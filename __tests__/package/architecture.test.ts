import { readFile, readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import * as core from '../../src/index.js'
import * as grants from '../../src/grants/index.js'
import * as cookies from '../../src/cookies.js'
import * as fetchEntry from '../../src/fetch.js'
import * as keepAlive from '../../src/keep-alive.js'
import * as smallRefreshToken from '../../src/refresh-token.js'
import * as stepUp from '../../src/step-up/index.js'
import * as shared from '../../src/shared.js'
import * as mapTokens from '../../src/map-tokens.js'
import * as signIn from '../../src/sign-in/index.js'
import * as file from '../../src/stores/file.js'
import * as postgres from '../../src/stores/postgres.js'
import * as redis from '../../src/stores/redis.js'
import * as web from '../../src/stores/web.js'
import * as fakes from '../../src/testing.js'
import * as testing from '../../src/store-contract/index.js'

const root = join(process.cwd(), 'src')

async function importsOf(path: string): Promise<{ from: string; to: string }[]> {
  const text = await readFile(path, 'utf8')
  return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map(([, specifier]) => ({
    from: relative(root, path),
    to: specifier!.startsWith('.') ? relative(root, join(dirname(path), specifier!.replace(/\.js$/, '.ts'))) : specifier!,
  }))
}

async function allImports(): Promise<{ from: string; to: string }[]> {
  const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.ts'))
  return (await Promise.all(files.map((name) => importsOf(join(root, name))))).flat()
}

/** A part of the source: a folder, a file, or both where they share a name. */
const partOf = (path: string): string => path.split('/')[0]!.replace(/\.ts$/, '')

/** Small functions without a state: every part may import them. They import nothing. */
const tools = [
  'attempt',
  'check-options',
  'copy-json',
  'defined',
  'loopback',
  'reduce-cause',
  'release',
  'token-answer',
  'types',
  'until-aborted',
]

/** What each part may import besides its own files. `axios` is also the package. */
const mayImport: Record<string, string[]> = {
  types: [],
  errors: [],
  loopback: [],
  'reduce-cause': [],
  'token-answer': [],
  'check-options': [],
  'copy-json': [],
  defined: [],
  release: [],
  'until-aborted': [],
  tokens: ['errors'],
  'token-record': ['tokens'],
  policy: ['tokens'],
  'map-tokens': ['errors', 'tokens'],
  'step-up': ['axios', 'session', 'errors', 'policy', 'tokens'],
  'keep-alive': ['axios'],
  'refresh-token': [],
  session: ['policy', 'token-record', 'tokens', 'errors'],
  persistence: ['session', 'policy', 'token-record', 'tokens', 'errors'],
  shared: ['persistence'],
  // Bundlers for browsers exchange the one for the other.
  'node-only': ['axios'],
  'node-only.browser': ['node-only'],
  axios: ['node-only', 'session', 'persistence', 'policy', 'tokens', 'errors'],
  stores: ['shared', 'tokens', 'errors'],
  fetch: ['axios', 'node-only', 'session', 'errors'],
  cookies: ['axios', 'session', 'stores', 'map-tokens', 'errors'],
  grants: ['errors', 'oauth4webapi', 'axios'],
  'sign-in': ['oauth4webapi'],
  react: ['session'],
  devtools: ['session', 'axios'],
  testing: ['index', 'axios', 'session', 'tokens', 'errors'],
  // The public names, as an author of stores has them.
  'store-contract': ['index', 'shared', 'axios'],
}

describe('the parts of the source', () => {
  it('import only those parts that they may', async () => {
    const wrong = (await allImports()).filter(({ from, to }) => {
      const [part, target] = [partOf(from), to.startsWith('node:') ? 'node' : partOf(to)]
      if (part === 'index' || part === target) return false
      if (target === 'node') return part !== 'stores'
      return !(mayImport[part]?.includes(target) || (tools.includes(target) && !tools.includes(part)))
    })
    expect(wrong).toEqual([])
  })

  it('are all named here', async () => {
    const parts = new Set((await allImports()).map(({ from }) => partOf(from)))
    expect([...parts].filter((part) => part !== 'index' && !mayImport[part])).toEqual([])
  })

  it('no file reaches itself through its imports', async () => {
    const graph = new Map<string, string[]>()
    for (const { from, to } of await allImports()) graph.set(from, [...(graph.get(from) ?? []), to])
    const reach = (from: string, target: string, seen = new Set<string>()): boolean =>
      (graph.get(from) ?? []).some((to) => to === target || (!seen.has(to) && (seen.add(to), reach(to, target, seen))))
    expect([...graph.keys()].filter((name) => reach(name, name))).toEqual([])
  })

  it('the public names are these', () => {
    expect(Object.keys(core).sort()).toEqual([
      'OAuthError',
      'OAuthRequestError',
      'attachOAuth',
      'createSession',
      'decodeIdToken',
      'isOAuthError',
      'memoryStore',
      'originalCause',
    ])
    expect(Object.keys(grants).sort()).toEqual(['TokenEndpointError', 'clientCredentials', 'refreshToken'])
    expect(Object.keys(smallRefreshToken).sort()).toEqual(['refreshToken'])
    expect(Object.keys(shared).sort()).toEqual(['sharedStore'])
    expect(Object.keys(mapTokens).sort()).toEqual(['mapTokens'])
    expect(Object.keys(signIn).sort()).toEqual(['SignInError', 'finishSignIn', 'isSignInError', 'signOut', 'startSignIn'])
    expect(Object.keys(file).sort()).toEqual(['fileStore'])
    expect(Object.keys(stepUp).sort()).toEqual(['refreshWithClaims', 'stepUp'])
    expect(Object.keys(keepAlive).sort()).toEqual(['keepAlive'])
    expect(Object.keys(testing).sort()).toEqual(['storeContract'])
    expect(Object.keys(cookies).sort()).toEqual(['httpOnlyCookies'])
    expect(Object.keys(fetchEntry).sort()).toEqual(['OAuthFetchError', 'oauthFetch'])
    expect(Object.keys(fakes).sort()).toEqual(['fakeSession'])
    expect(Object.keys(web).sort()).toEqual(['webStore'])
    expect(Object.keys(redis).sort()).toEqual(['redisStore'])
    expect(Object.keys(postgres).sort()).toEqual(['postgresSchema', 'postgresStore'])
  })
})
