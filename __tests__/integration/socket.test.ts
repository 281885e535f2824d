import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axios, { type AxiosInstance } from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { rejection } from '../helpers/client.js'

let folder: string
let server: Server
let socketPath: string
let seen: (string | undefined)[]

/** An API on a Unix socket that accepts one token, and redirects from some paths. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'socket-'))
  socketPath = process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll('\\', '-')}` : join(folder, 'api')
  seen = []
  server = createServer(({ url = '', headers: { authorization } }, response) => {
    seen.push(`${url} ${authorization}`)
    const location = { '/moved': '/here', '/elsewhere': 'http://elsewhere.example/here' }[url]
    if (location) response.writeHead(307, { location }).end()
    else response.writeHead(authorization === 'Bearer new' ? 200 : 401).end(url)
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve).closeAllConnections())
  await rm(folder, { recursive: true, force: true })
})

function attached(): AxiosInstance {
  const api = axios.create({ baseURL: 'http://localhost', socketPath, timeout: 5000 })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh: () => ({ access_token: 'new' }) })
  return api
}

it.each([{}, { maxRedirects: 0 }])('a 401 over a socket is recovered: %j', async (config) => {
  expect((await attached().get<string>('/here', config)).data).toBe('/here')
  expect(seen).toEqual(['/here Bearer old', '/here Bearer new'])
})

it('a redirect on the same socket keeps the token', async () => {
  expect((await attached().get<string>('/moved')).data).toBe('/here')
  expect(seen).toEqual(['/moved Bearer old', '/here Bearer old', '/moved Bearer new', '/here Bearer new'])
})

it('a redirect to another origin loses the token, and its 401 is not recovered', async () => {
  expect(await rejection(attached().get('/elsewhere'))).toMatchObject({ response: { status: 401 } })
  expect(seen).toEqual(['/elsewhere Bearer old', '/here undefined'])
})
