import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Faults, until, type Answer, type Fault, type Received } from './faults.js'
import { send } from './wire.js'

/** One request and what became of it. */
export interface Entry extends Received {
  readonly fault: Fault
  /** True once the server has done what the request wants; not when something was answered instead. */
  processed: boolean
  /** What the server answered, whether or not it arrived. */
  answer?: Answer
  /** How many bytes of the answer went over the wire, known when it is over. */
  bytes?: number
  /** The end of it: the whole answer was sent, the server has cut it off, or the client has gone before its end. */
  readonly over: Promise<'answered' | 'cut' | 'left'>
  outcome?: 'answered' | 'cut' | 'left'
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<{ url: string; server: Server; close: () => Promise<void> }> {
  const server = createServer((request, response) => handle(request, response))
  // A client that was stalled by a busy machine finds its connections open.
  server.keepAliveTimeout = 60_000
  server.listen(port, host)
  await new Promise((resolve) => server.once('listening', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, server, close }
}

/** Resolves with how many bytes of the answer went over the wire, when nothing more can happen to it. */
function bytesOf(response: ServerResponse): Promise<number> {
  const { socket } = response.req
  const before = socket.bytesWritten
  return new Promise((resolve) => response.once('close', () => resolve(socket.bytesWritten - before)))
}

/** A server that processes requests, with faults to order, and keeps a log of what it has seen, in order. */
export interface FaultyServer<Seen extends Entry> {
  readonly url: string
  readonly faults: Faults
  /** May be emptied. */
  readonly log: Seen[]
  close(): Promise<void>
}

/** `describe` adds to an entry what the server knows of a request when it comes. */
export async function startServer<More extends object>(
  process: (entry: Entry & More) => Answer | Promise<Answer>,
  describe: (request: Received) => More,
): Promise<FaultyServer<Entry & More>> {
  const faults = new Faults()
  const log: (Entry & More)[] = []

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    // A client may leave while its request comes in.
    const sent = bytesOf(response)
    const received = { method, url, headers, body: await bodyOf(request) }
    const fault = faults.take()
    const over = sent.then((bytes) => {
      entry.bytes = bytes
      const isCut = bytes === fault.cut?.at
      return (entry.outcome = isCut ? 'cut' : response.writableFinished ? 'answered' : 'left')
    })
    const entry: Entry & More = { ...received, ...describe(received), fault, processed: false, over }
    log.push(entry)
    await until(fault.before)
    const { instead } = fault
    entry.answer = instead ? (typeof instead === 'function' ? instead(entry) : instead) : await process(entry)
    entry.processed = !instead
    await until(fault.after)
    await send(response, entry.answer, fault)
  }

  const { url, close } = await listen((request, response) => void serve(request, response).catch(() => response.destroy()))
  return { url, faults, log, close }
}
