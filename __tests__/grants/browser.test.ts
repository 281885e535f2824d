import type { IncomingMessage, ServerResponse } from 'node:http'
import axios from 'axios'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/browser/index.mjs'
import { listen } from '../helpers/world.js'

/** The functions of the page. */
interface Bundle {
  refresh(how: string, tokenEndpoint: string): Promise<{ message: string; status?: number; access_token?: string }>
}
declare const bundle: Bundle

const code = `
import axios from '${axios.VERSION === '1.7.0' ? 'axios-1.7.0' : 'axios'}'
import { refreshToken } from './src/grants/index.ts'
import { refreshToken as small } from './src/refresh-token.ts'
const ways = {
  fetch: (tokenEndpoint) => refreshToken({ tokenEndpoint, clientId: 'app' }),
  default: (tokenEndpoint) => refreshToken({ tokenEndpoint, clientId: 'app', axios: axios.create() }),
  xhr: (tokenEndpoint) => refreshToken({ tokenEndpoint, clientId: 'app', axios: axios.create({ adapter: 'xhr' }) }),
  small: (tokenEndpoint) => small({ tokenEndpoint, clientId: 'app' }),
}
export async function refresh(how, tokenEndpoint) {
  const { signal } = new AbortController()
  try {
    return await ways[how](tokenEndpoint)({ refresh_token: 'made-up' }, { signal, reportDate() {} })
  } catch ({ message, status }) {
    return { message, status }
  }
}`

let browser: Browser
let page: Page
let answer: (request: IncomingMessage, response: ServerResponse) => void
let server: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: process.cwd(), loader: 'ts' },
    alias: { axios: axios.VERSION === '1.7.0' ? 'axios-1.7.0' : 'axios' },
    bundle: true,
    format: 'iife',
    globalName: 'bundle',
    write: false,
  })
  server = await listen((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    if (request.url === '/page') return void response.setHeader('content-type', 'text/html').end('<!doctype html>')
    request.resume()
    answer(request, response)
  })
  browser = await launchChromium()
  page = await browser.newPage()
  await page.goto(`${server.url}/page`)
  await page.addScriptTag({ content: outputFiles[0]!.text })
}, 60_000)
afterAll(async () => {
  await browser.close()
  await server.close()
})

const refresh = (how: string, path: string): ReturnType<Bundle['refresh']> =>
  page.evaluate(([how, address]) => bundle.refresh(how, address), [how, `${server.url}${path}`] as const)

describe.each([
  ['the grants through fetch', 'fetch'],
  ['the grants through an axios instance', 'default'],
  ['the grants through an axios instance that uses XMLHttpRequest', 'xhr'],
  ['the small refreshToken', 'small'],
])('in a real browser, %s', (_name, how) => {
  it('get tokens', async () => {
    answer = (_request, response) => response.end('{"access_token":"made-up-access"}')
    expect(await refresh(how, '/token')).toEqual({ access_token: 'made-up-access' })
  })

  it('follow no redirect, so that the refresh token goes nowhere else', async () => {
    const paths: (string | undefined)[] = []
    answer = ({ url }, response) => {
      paths.push(url)
      if (url === '/token') response.writeHead(307, { location: '/elsewhere' }).end()
      else response.end('{"access_token":"made-up-access"}')
    }
    expect(await refresh(how, '/token')).toMatchObject({ message: expect.stringMatching(/redirects, which is not followed/) })
    expect(paths).toEqual(['/token'])
  })

  it('cut an answer that never ends', async () => {
    answer = (_request, response) => {
      let open = true
      response.on('close', () => (open = false))
      const more = (): void => {
        while (open) if (!response.write('a'.repeat(65_536))) return void response.once('drain', more)
      }
      more()
    }
    expect(await refresh(how, '/token')).toMatchObject({ message: expect.stringMatching(/sent more than 1 MB/) })
  })
})
