import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axios, { type AxiosInstance } from 'axios'
import { startServers, type Servers } from '../../scripts/servers/start.js'
import * as core from '../../src/index.js'
import * as grants from '../../src/grants/index.js'
import * as smallRefreshToken from '../../src/refresh-token.js'
import * as file from '../../src/stores/file.js'
import * as web from '../../src/stores/web.js'
import { rejection } from '../helpers/client.js'
import { compile, run } from './helpers/compile.js'
import { fences } from './helpers/markdown.js'
import { names } from './helpers/names.js'

const modules = {
  axios: { default: axios },
  'axios-attach-oauth': core,
  'axios-attach-oauth/grants': grants,
  'axios-attach-oauth/refresh-token': smallRefreshToken,
  'axios-attach-oauth/file': file,
  'axios-attach-oauth/web': web,
}

// The reference is generated from doc comments: its blocks are signatures and parts of files.
const isWritten = (name: string): boolean => name.endsWith('.md') && !/^(api|\.vitepress)\//.test(name)
const documents = (await readdir('docs', { recursive: true })).filter(isWritten)
const pages = ['README.md', 'SECURITY.md', ...documents.map((name) => `docs/${name}`)]
const examples: Record<string, string> = {}
for (const page of pages)
  for (const { language, code, line } of fences(await readFile(page, 'utf8')))
    if (language === 'ts') examples[`${page.replaceAll('/', '_').replace('.md', '')}_line_${line}.ts`] = code

// The example of a test file imports the store that stands before it on the page.
const beside = "import { recordStore, type Database } from './record-store.js'"
const sources = Object.fromEntries(
  Object.entries(examples).map(([name, code]) => [
    name,
    `${code.replace(beside, beside.replace('./record-store.js', './examples/own-store/record-store.js'))}\nexport {}`,
  ]),
)
const errors = compile(sources, names)

describe('the examples of the documents compile', () => {
  it.each(Object.keys(errors))('%s', (name) => {
    expect(errors[name]).toEqual([])
  })
})

describe('the examples of the README run', () => {
  const [browser = '', node = '', ownBackend = ''] = Object.entries(examples)
    .filter(([name]) => name.startsWith('README'))
    .map(([, code]) => code)
  let servers: Servers
  let directory: string
  beforeAll(async () => {
    servers = await startServers()
    directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-documents-'))
  })
  afterAll(async () => {
    await servers.stop()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  beforeEach(() => servers.reset())

  const local = (code: string, replacements: Record<string, string> = {}): string => {
    const all = {
      'https://api.example.com': servers.apiUrl,
      'https://login.example.com/token': servers.tokenEndpoint,
      'https://login.example.com': servers.issuer,
      'my-app': 'public',
      ...replacements,
    }
    return Object.entries(all).reduce((text, [from, to]) => text.replaceAll(`'${from}'`, JSON.stringify(to)), code)
  }

  it('Node: a rejected request leads to one refresh, the file has the new token set, and the request is answered', async () => {
    const path = join(directory, 'tokens.json')
    const tokens = await servers.mint()
    await writeFile(path, JSON.stringify(tokens))
    await servers.refuseAccessTokens()
    const { data } = await run(local(node, { 'tokens.json': path }), modules, {}, ['data'])
    expect(data).toBeDefined()
    expect(JSON.parse(await readFile(path, 'utf8'))).not.toMatchObject({ refresh_token: tokens.refresh_token })
    expect(await servers.counts()).toMatchObject({ refreshGrants: 1, rejected: 1, served: 1 })
  })

  it('browser: a sign-in is stored for the page, and a rejected request is answered after one refresh', async () => {
    const items = new Map<string, string>()
    const localStorage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    }
    Object.assign(globalThis, { localStorage, document: {} })
    try {
      const results = await run(local(browser), modules, {}, ['api', 'session'])
      const { api, session } = results as { api: AxiosInstance; session: core.AttachedSession }
      await session.signIn(await servers.mint())
      await servers.refuseAccessTokens()
      expect((await api.get('/me')).status).toBe(200)
      expect([...items.values()].join()).toContain((await session.tokens())!.access_token!)
      expect(await servers.counts()).toMatchObject({ refreshGrants: 1, rejected: 1, served: 1 })
      session.detach()
    } finally {
      for (const name of ['localStorage', 'document']) Reflect.deleteProperty(globalThis, name)
    }
  })

  it('own backend: the first request gets a token, and null ends the session and shows the login page', async () => {
    let isSignedIn = true
    const server = createServer((_request, response) => {
      const answer = isSignedIn ? servers.mint() : Promise.resolve({})
      void answer.then(({ access_token, expires_in }: Partial<core.TokenSet>) => {
        response.writeHead(isSignedIn ? 200 : 401, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ access_token, expires_in }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const pagesShown: string[] = []
    const location = { assign: (page: string) => pagesShown.push(page) }
    try {
      const code = local(ownBackend, { 'https://app.example.com': `http://127.0.0.1:${port}` })
      const { api } = (await run(code, modules, { location }, ['api'])) as { api: AxiosInstance }
      expect((await api.get('/me')).status).toBe(200)
      expect(pagesShown).toEqual([])
      isSignedIn = false
      await servers.refuseAccessTokens()
      expect(await rejection(api.get('/me'))).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
      expect(pagesShown).toEqual(['/login'])
    } finally {
      server.close()
    }
  })
})
