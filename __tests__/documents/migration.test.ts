import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axios, { type AxiosAdapter } from 'axios'
import { memoryStorage } from './helpers/memory-storage.js'
import { Api } from './helpers/network.js'

let api: Api
let tokenAdapter: AxiosAdapter
const defaultAdapter = axios.defaults.adapter
const gone: string[] = []

beforeEach(() => {
  api = new Api()
  gone.length = 0
  const location = { assign: (path: string) => gone.push(path) }
  Object.assign(globalThis, { localStorage: memoryStorage(), document: {}, location })
  // Refresh functions of the guides send their requests with axios itself.
  axios.defaults.adapter = (config) => tokenAdapter(config)
})
afterEach(() => {
  Object.assign(axios.defaults, { adapter: defaultAdapter })
  for (const name of ['localStorage', 'document', 'location']) Reflect.deleteProperty(globalThis, name)
})

const answer =
  (data: unknown, status = 200): AxiosAdapter =>
  async (config) => {
    const response = { data, status, statusText: '', headers: {}, config, request: undefined }
    if (config.validateStatus?.(status)) return response
    throw new axios.AxiosError(`status ${status}`, 'ERR_BAD_REQUEST', config, undefined, response)
  }

describe('the migration guides', () => {
  it('show every file, and an example after for each package', async () => {
    const pages = (await readdir('docs/migration')).filter((name) => name.endsWith('.md') && name !== 'index.md')
    const texts = await Promise.all(pages.map((name) => readFile(join('docs/migration', name), 'utf8')))
    const shown = texts.flatMap((text) => [...text.matchAll(/^<<< \.\/code\/([\w.-]+)/gm)].map(([, name]) => name!))
    expect((await readdir('docs/migration/code')).filter((name) => !shown.includes(name))).toEqual([])
    expect(texts.filter((text) => !/^<<< /m.test(text) || !text.includes('## What changes'))).toEqual([])
  })

  it('isRefreshing and failedQueue: two requests lead to one refresh, and an ended session to the login', async () => {
    const guide = await import('../../docs/migration/code/failed-queue-after.js')
    guide.api.defaults.adapter = api.adapter
    let refreshes = 0
    tokenAdapter = (config) => (refreshes++, answer({ token: 'new', refreshToken: 'r2' })(config))
    await guide.signedIn('old', 'r1')
    await Promise.all([guide.api.get('/a'), guide.api.get('/b')])
    expect([refreshes, gone, (await guide.session.tokens())?.refresh_token]).toEqual([1, [], 'r2'])
    api.token = 'newer'
    tokenAdapter = answer({}, 401)
    // The event follows when the lock is released.
    const ended = new Promise((resolve) => guide.session.on('signed_out', resolve))
    await expect(guide.api.get('/a')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    await ended
    expect(gone).toEqual(['/login'])
    guide.session.detach()
  })

  it('axios-auth-refresh: 419 is recovered, with a fresh nonce; a login needs no token', async () => {
    const guide = await import('../../docs/migration/code/axios-auth-refresh-after.js')
    const nonces: unknown[] = []
    guide.api.defaults.adapter = async (config) => {
      nonces.push(config.headers.get('X-Nonce'))
      const isNew = config.headers.get('Authorization') === 'Bearer new'
      return answer(config.url === '/login' ? { token: 'old' } : {}, config.url === '/login' || isNew ? 200 : 419)(config)
    }
    tokenAdapter = answer({ token: 'new' })
    await guide.login('alice', 'secret')
    expect((await guide.api.get('/me')).status).toBe(200)
    expect([nonces.length, typeof nonces.at(-1), nonces.slice(0, 2)]).toEqual([3, 'string', [undefined, undefined]])
    guide.session.detach()
  })

  it('isRefreshing and failedQueue: a visitor without tokens is sent to the login when the page is loaded', async () => {
    const guide = await import('../../docs/migration/code/failed-queue-after.js')
    await guide.session.signOut()
    gone.length = 0
    await guide.requireLogin()
    await guide.signedIn('made-up', 'r')
    await guide.requireLogin()
    expect(gone).toEqual(['/login'])
    guide.session.detach()
  })

  it('axios-jwt: users who are signed in stay signed in, and a 422 ends the session', async () => {
    const guide = await import('../../docs/migration/code/axios-jwt.js')
    guide.api.defaults.adapter = api.adapter
    localStorage.setItem('auth-tokens-production', JSON.stringify({ accessToken: 'old', refreshToken: 'r' }))
    await guide.takeOver()
    expect([await guide.isLoggedIn(), localStorage.getItem('auth-tokens-production')]).toEqual([true, null])
    tokenAdapter = answer({ access_token: 'new' })
    expect((await guide.api.get('/me')).data).toEqual(api.data)
    api.token = 'newer'
    tokenAdapter = answer({}, 422)
    await expect(guide.api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(await guide.isLoggedIn()).toBe(false)
    guide.session.detach()
  })

  it('alova: the request of the refresh function passes by itself', async () => {
    const guide = await import('../../docs/migration/code/alova.js')
    const seen: unknown[] = []
    guide.api.defaults.adapter = async (config) => {
      seen.push([config.url, config.headers.get('Authorization')])
      if (config.url === '/token/refresh') return answer({ access_token: 'new' })(config)
      if (config.url === '/login') return answer({ access_token: 'old', refresh_token: 'r' })(config)
      return api.adapter(config)
    }
    await guide.login('alice', 'secret')
    expect((await guide.api.get('/me')).status).toBe(200)
    expect(seen).toEqual([
      ['/login', undefined],
      ['/me', 'Bearer old'],
      ['/token/refresh', undefined],
      ['/me', 'Bearer new'],
    ])
    guide.session.detach()
  })

  it('@badgateway/oauth2-client: its stored tokens are read', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-migration-'))
    const before = process.cwd()
    await writeFile(
      join(directory, 'token-store.json'),
      JSON.stringify({ accessToken: 'new', refreshToken: 'r', expiresAt: null }),
    )
    process.chdir(directory)
    try {
      const guide = await import('../../docs/migration/code/badgateway-oauth2-client.js')
      guide.api.defaults.adapter = api.adapter
      expect(await guide.getOrders()).toEqual(api.data)
      await guide.session.close()
    } finally {
      process.chdir(before)
      await rm(directory, { recursive: true })
    }
  })
})
