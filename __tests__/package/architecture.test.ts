import { readFile, readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import * as core from '../../src/index.js'
import * as grants from '../../src/grants/index.js'
import * as keepAlive from '../../src/keep-alive.js'
import * as smallRefreshToken from '../../src/refresh-token.js'
import * as stepUp from '../../src/step-up.js'
import * as file from '../../src/stores/file.js'
import * as postgres from '../../src/stores/postgres.js'
import * as redis from '../../src/stores/redis.js'
import * as web from '../../src/stores/web.js'
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

const roomOf = (path: string): string => (path.includes('/') ? path.split('/')[0]! : path)

/** Whom each room may know besides itself. */
const mayKnow: Record<string, string[]> = {
  'types.ts': [],
  'errors.ts': [],
  'loopback.ts': [],
  'tokens.ts': ['errors.ts', 'types.ts'],
  'policy.ts': ['tokens.ts', 'errors.ts', 'types.ts'],
  'step-up.ts': ['axios', 'session', 'types.ts'],
  'keep-alive.ts': ['axios'],
  'refresh-token.ts': ['types.ts'],
  session: ['policy.ts', 'tokens.ts', 'errors.ts', 'types.ts'],
  axios: ['session', 'policy.ts', 'errors.ts', 'types.ts', 'loopback.ts', 'axios'],
  stores: ['tokens.ts', 'errors.ts', 'types.ts'],
  grants: ['errors.ts', 'types.ts', 'loopback.ts', 'oauth4webapi', 'axios'],
  // What an author of stores has too: the public names.
  testing: ['index.ts', 'axios'],
}

describe('the plan of the house', () => {
  it('arrows go one way', async () => {
    const wrong = (await allImports()).filter(({ from, to }) => {
      const [room, target] = [roomOf(from), to.startsWith('node:') ? 'node' : roomOf(to)]
      if (room === 'index.ts' || room === target) return false
      if (target === 'node') return room !== 'stores'
      return !mayKnow[room]?.includes(target)
    })
    expect(wrong).toEqual([])
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
    expect(Object.keys(file).sort()).toEqual(['fileStore'])
    expect(Object.keys(stepUp).sort()).toEqual(['stepUp'])
    expect(Object.keys(keepAlive).sort()).toEqual(['keepAlive'])
    expect(Object.keys(testing).sort()).toEqual(['storeContract'])
    expect(Object.keys(web).sort()).toEqual(['webStore'])
    expect(Object.keys(redis).sort()).toEqual(['redisStore'])
    expect(Object.keys(postgres).sort()).toEqual(['postgresSchema', 'postgresStore'])
  })
})
