import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { cert, key } from './certificate.js'

export interface TokenServer {
  readonly port: number
  /** How many token requests have come. */
  requests: number
  close(): Promise<void>
}

async function start(server: Server): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, close }
}

/** A token endpoint over http or https. */
export async function startTokenServer(protocol: 'http' | 'https'): Promise<TokenServer> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    started.requests++
    request.resume()
    response.end('{"access_token":"made-up-access"}')
  }
  const server = protocol === 'https' ? createSecureServer({ key, cert }, answer) : createServer(answer)
  const started = { ...(await start(server)), requests: 0 }
  return started
}

/** A proxy that answers requests in the clear itself, opens tunnels for CONNECT, and records what it could read. */
export async function startRecordingProxy(): Promise<{ url: string; port: number; seen: string[]; close(): Promise<void> }> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${body}`)
      response.end('{"access_token":"made-up-access"}')
    })
  })
  server.on('connect', ({ url = '' }, client: Socket, head: Buffer) => {
    seen.push(`CONNECT ${url}`)
    const [, port] = url.split(':')
    const upstream = connect(Number(port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
  })
  const { port, close } = await start(server)
  return { url: `http://127.0.0.1:${port}`, port, seen, close }
}

const variables = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy', 'npm_config_proxy', 'npm_config_https_proxy']

/** Runs `run` with these proxy variables and no others. */
export async function withEnvironment<Result>(given: Record<string, string>, run: () => Promise<Result>): Promise<Result> {
  const names = variables.flatMap((name) => [name, name.toUpperCase()])
  const before = names.map((name) => [name, process.env[name]] as const)
  for (const name of names) delete process.env[name]
  Object.assign(process.env, given)
  try {
    return await run()
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
}
