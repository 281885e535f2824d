// What may happen to the server of a store while processes work. It comes where it hurts: the token endpoint has redeemed a refresh token, and the answer isn't stored yet.
import { until, wait } from './waiting.mjs'

/** Does `work` while somebody has a new token set on its way. */
async function whileRedeemed(server, work) {
  await server.hold('redeemed')
  await server.heard()
  await work()
}

/** The server is away, the answer comes, and the server comes back. */
const restarted = (end) => ({
  async happen({ crew, server }) {
    const { server: stored } = crew.room
    await whileRedeemed(server, async () => {
      await stored[end]()
      await server.letGo()
      await wait(100)
      await stored.restart()
    })
  },
})

/** By name: `happen` makes it, `answers` are those that requests may get besides 200. */
export const troubles = {
  crash: { ...restarted('crash'), answers: ['OAUTH_STORE_FAILED'] },
  'shut-down': { ...restarted('shutDown'), answers: ['OAUTH_STORE_FAILED'] },
  /** The store forgets everything: everybody is signed out, and somebody signs in. */
  forget: {
    answers: ['OAUTH_SIGNED_OUT'],
    signsIn: true,
    async happen({ crew, server, turn }) {
      await whileRedeemed(server, async () => {
        await crew.room.server.forget()
        await server.letGo()
      })
      await until('everybody is signed out', 30, () => crew.workers().every(({ events }) => events.signed_out > turn))
      if (await crew.room.inspect()) throw new Error('Something has come back to the store')
      const { refreshGrants } = await server.counts()
      // Signed out, they ask for nothing, for much longer than a token lives.
      await wait(500)
      if ((await server.counts()).refreshGrants !== refreshGrants) throw new Error('Somebody who is signed out has refreshed')
      await crew.signIn()
      await crew.allServed()
    },
  },
  /** The line to the store goes dead for a while, without a word; then it goes on, or both ends learn of it. */
  hang: {
    proxied: true,
    answers: ['OAUTH_STORE_FAILED'],
    async happen({ crew, server, turn }) {
      const { line } = crew.room
      await whileRedeemed(server, async () => {
        line.hold()
        await server.letGo()
        await wait(700)
        if (turn % 2 === 0) line.cut()
        else line.goOn()
      })
      await crew.allServed()
    },
  },
}
