// A proxy on loopback whose connection can be made to stall: nothing is closed, and nothing arrives.
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net'

export interface Proxy {
  host: string
  port: number
  /** Stalls every connection, new ones too. */
  hold(): void
  /** Delivers what has waited. */
  goOn(): void
  /** Closes every connection at both ends; what has waited is lost. New connections get through. */
  cut(): void
  stop(): Promise<void>
}

/** Starts a proxy in front of what `net.connect(target)` reaches. */
export async function startProxy(target: { path: string } | { host: string; port: number }): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let holding = false

  const server = createServer((client) => {
    const pair = [client, connect(target as NetConnectOpts)] as const
    const end = (): void => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    pairs.add(pair)
    pair.forEach((socket, i) => {
      socket.on('error', end).on('close', end)
      // Node's own flow control: data of a paused socket waits, and goes out in its order.
      socket.on('data', (chunk) => pair[1 - i]!.write(chunk))
      if (holding) socket.pause()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))

  const each = (work: (socket: Socket) => unknown): void => {
    for (const pair of pairs) pair.forEach(work)
  }
  const cut = (): void => {
    holding = false
    each((socket) => socket.destroy())
  }
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    hold() {
      holding = true
      each((socket) => socket.pause())
    },
    goOn() {
      holding = false
      each((socket) => socket.resume())
    },
    cut,
    async stop() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
