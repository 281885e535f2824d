// A proxy on loopback between a client and a server, whose line may go dead without a word: nothing is closed, and nothing arrives.
import { connect, createServer } from 'node:net'

/** Starts one in front of what `net.connect(target)` reaches: `{ host, port, hold, goOn, cut, stop }`. */
export async function startProxy(target) {
  const pairs = new Set()
  let holding = false

  const server = createServer((client) => {
    const pair = [client, connect(target)]
    const end = () => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    pairs.add(pair)
    pair.forEach((socket, i) => {
      socket.on('error', end).on('close', end)
      // Node's own flow control: what comes while the line is dead waits, and goes out in its order.
      socket.on('data', (chunk) => pair[1 - i].write(chunk))
      if (holding) socket.pause()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))

  const cut = () => {
    holding = false
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  return {
    host: '127.0.0.1',
    port: server.address().port,
    /** The line is dead, also for those who come now. */
    hold() {
      holding = true
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    /** What has waited arrives. */
    goOn() {
      holding = false
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    /** What has waited is lost, and both ends learn of it. Who comes now gets through. */
    cut,
    async stop() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
