import { connect } from 'node:net'
import { deferred } from '../client.js'
import { json, lost, silent, startWorld, type Fault, type World } from '../world.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

/** What arrives at the other end of a connection, to the byte, and how that ends. */
async function receive(fault: Fault): Promise<{ text: string; ending: string; pieces: number }> {
  world.resource.faults.once(fault)
  const socket = connect(Number(new URL(world.api).port), '127.0.0.1')
  socket.write('GET /x HTTP/1.1\r\nHost: made-up\r\nConnection: close\r\n\r\n')
  const pieces: Buffer[] = []
  let ending = 'end'
  socket.on('data', (piece) => pieces.push(piece))
  socket.on('error', ({ code }: NodeJS.ErrnoException) => (ending = String(code)))
  await new Promise((resolve) => socket.once('close', resolve))
  return { text: Buffer.concat(pieces).toString(), ending, pieces: pieces.length }
}

const headerOf = (text: string, name: string): string | undefined => new RegExp(`^${name}: (.*)\r$`, 'im').exec(text)?.[1]

describe('a server with faults to order', () => {
  it.each([
    ['reset', 'ECONNRESET'],
    ['end', 'end'],
  ] as const)('cuts its answer after exactly so many bytes, by a connection %s', async (by, ending) => {
    const { text } = await receive({})
    for (const at of [0, 1, 9, 100, text.indexOf('\r\n\r\n') + 4, text.length - 1, text.length]) {
      const cut = await receive({ cut: { at, by } })
      // The headers differ in the time of day.
      expect([cut.text.length, cut.ending]).toEqual([at, ending])
      expect(await world.seen.at(-1)!.over).toBe('cut')
      expect(world.seen.at(-1)).toMatchObject({ processed: true, bytes: at, answer: { status: 401 } })
    }
    expect(await receive({ cut: { at: text.length + 1, by } })).toMatchObject({ ending: 'end' })
    expect(await world.seen.at(-1)!.over).toBe('answered')
    expect(world.seen.at(-1)!.bytes).toBe(text.length)
  })

  it('processes what it loses the answer to', async () => {
    world.token.faults.once(lost)
    const body = new URLSearchParams({ refresh_token: world.tokens.refresh_token })
    const ask = (): Promise<Response> => fetch(world.tokenEndpoint, { method: 'POST', body })
    await expect(ask()).rejects.toThrow()
    expect(world.token.log[0]).toMatchObject({ processed: true, answer: { status: 200 }, outcome: 'cut', bytes: 0 })
    expect((await ask()).status).toBe(400)
    expect(world.counts).toMatchObject({ refreshGrants: 2, reused: 1 })
  })

  it('answers something else without processing', async () => {
    world.token.faults.once({ instead: json(503, {}, { 'retry-after': '1' }) })
    const body = new URLSearchParams({ refresh_token: world.tokens.refresh_token })
    expect((await fetch(world.tokenEndpoint, { method: 'POST', body })).status).toBe(503)
    expect(world.token.log[0]!.processed).toBe(false)
    expect(world.counts.refreshGrants).toBe(0)
    expect((await fetch(world.tokenEndpoint, { method: 'POST', body })).status).toBe(200)
  })

  it('waits before processing, and after', async () => {
    const [before, after] = [deferred(), deferred()]
    const asked = receive({ before: before.promise, after: after.promise })
    while (world.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(world.seen[0]!.processed).toBe(false)
    before.resolve()
    while (!world.seen[0]!.processed) await new Promise((resolve) => setImmediate(resolve))
    after.resolve()
    expect((await asked).text).toMatch(/^HTTP\/1\.1 401 /)
    expect(world.seen[0]!.outcome).toBe('answered')
  })

  it('sees a client that leaves', async () => {
    world.resource.faults.once(silent)
    const controller = new AbortController()
    const asked = fetch(world.api, { signal: controller.signal }).catch(() => undefined)
    while (world.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    await asked
    expect(await world.seen[0]!.over).toBe('left')
    expect(world.seen[0]!.bytes).toBe(0)
  })

  it('sends the body in pieces, and waits between them', async () => {
    const { text, pieces } = await receive({ slow: { bytes: 20, every: 2 } })
    expect(pieces).toBeGreaterThan(2)
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ url: '/x' })
  })

  it('sends the Date that it is told', async () => {
    expect(Date.parse(headerOf((await receive({})).text, 'date')!)).toBeGreaterThan(Date.now() - 60_000)
    expect(Date.parse(headerOf((await receive({ date: -600_000 })).text, 'date')!)).toBeLessThan(Date.now() - 590_000)
    expect(headerOf((await receive({ date: 'rubbish' })).text, 'date')).toBe('rubbish')
    expect(headerOf((await receive({ date: null })).text, 'date')).toBeUndefined()
  })

  it('announces no length when it sends in chunks', async () => {
    const { text } = await receive({ chunked: true })
    expect([headerOf(text, 'content-length'), headerOf(text, 'transfer-encoding')]).toEqual([undefined, 'chunked'])
  })

  it('takes its faults in order, the lasting one last, until it is taken away', async () => {
    const status = async (): Promise<number> => (await fetch(world.api)).status
    const { faults } = world.resource
    const end = faults.always({ instead: { status: 500 } })
    faults.once({ instead: { status: 501 } })
    faults.times(2, { instead: { status: 502 } })
    expect([await status(), await status(), await status(), await status(), await status()]).toEqual([501, 502, 502, 500, 500])
    end()
    expect(await status()).toBe(401)
    faults.times(2, { instead: { status: 502 } })
    faults.clear()
    expect(await status()).toBe(401)
  })
})
