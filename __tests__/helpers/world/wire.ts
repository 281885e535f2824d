import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Answer, Cut, Fault } from './faults.js'
import { until } from './faults.js'

type Done = (error?: Error | null) => void

/** Breaks a connection off, once the other side has seen what was sent before: arriving together with it, a reset looks like an end to Node. */
function reset(socket: Socket): void {
  // It would end the connection in good order first.
  socket.destroySoon = () => void socket.destroy()
  setImmediate(() => setImmediate(() => socket.resetAndDestroy()))
}

/** Lets so many bytes of what is written from now on go out, and then breaks the connection. */
function cutOff(socket: Socket, { at, by }: Cut): void {
  const write = socket.write.bind(socket)
  let left = at
  let broken = false
  const cut = (): void => void (by === 'reset' ? reset(socket) : socket.end())
  socket.write = (chunk: Uint8Array | string, encoding?: BufferEncoding | Done, done?: Done): boolean => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk
    const sent = typeof encoding === 'function' ? encoding : done
    if (broken) return false
    if (bytes.length < left) {
      left -= bytes.length
      return write(bytes, sent)
    }
    broken = true
    if (left === 0) cut()
    // What was written before has to be on its way: a reset would drop it.
    else write(bytes.subarray(0, left), cut)
    return false
  }
}

/** Sends an answer, as badly as the fault wants it. */
export async function send(response: ServerResponse, answer: Answer, { cut, slow, date, chunked }: Fault): Promise<void> {
  const { socket } = response.req
  if (socket.destroyed) return
  if (cut) {
    cutOff(socket, cut)
    response.once('finish', () => delete (socket as Partial<Socket>).write)
  }
  const body = Buffer.from(answer.body ?? '')
  if (date !== undefined) response.sendDate = false
  if (typeof date === 'number') response.setHeader('date', new Date(Date.now() + date).toUTCString())
  if (typeof date === 'string') response.setHeader('date', date)
  if (!chunked && answer.status !== 204) response.setHeader('content-length', body.length)
  response.writeHead(answer.status, answer.headers)
  if (!slow) return void response.end(body)
  for (let from = 0; from < body.length && !socket.destroyed; from += slow.bytes) {
    if (from > 0) await until(slow.every)
    response.write(body.subarray(from, from + slow.bytes))
  }
  response.end()
}
