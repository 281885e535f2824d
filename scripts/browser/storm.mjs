// Tabs of one origin that send requests continuously with tokens that live for a second or two, while some of them are reloaded, or closed and opened again.

const pick = (list) => list[Math.floor(Math.random() * list.length)]
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** An init script that removes `navigator.locks`. */
export const withoutLocks = () => {
  Object.defineProperty(Navigator.prototype, 'locks', { configurable: true, get: () => undefined })
}

/** In seconds. The authorization server counts whole seconds, so that a token lives between one and two. */
const LIFETIME = 2
/** The refresh window of these tokens, in milliseconds: 20 % of their lifetime. */
const REFRESH_WINDOW = 400
/** The most that may pass between the start of a refresh and its token request, in milliseconds. */
const START = 50
/** The least number of tabs that end. */
const ENDS = 4
/** The least number of token requests, and of responses in a tab that lives to the end. */
const [REFRESHES, ANSWERS] = [3, 50]
/** The time after which a storm that has not reached them fails, in milliseconds. */
const LIMIT = 60_000
/** The least time for which a token lives, in milliseconds. */
const SHORTEST = 1000
/** The most that may pass until the tabs know of a refresh in another one, in milliseconds. */
const NOTICE = 200
/** The most by which the end of a document may be recorded before its last response, in milliseconds. */
const GRACE = 250

/**
 * Resolves with these counts:
 * - `refreshes`; `early`: those before the refresh window;
 * - `reused`: refresh tokens that the authorization server received twice; `died`: reuses that follow from a response lost with its tab, which no
 *   store can save (the server does not count a third use); `faults`: all other reuses;
 * - `signedOut` and `failed`: in tabs that lived, except for consequences of a lost response; `signIns`: after a lost response;
 * - `late`: requests that got a 401 with an expired token twice;
 * - `leftOut`: tabs that are signed out at the end while others are signed in;
 * - `answered`: responses with status 200 in tabs that lived to the end; `served`: requests that the API has served; `ended`: tabs closed or reloaded.
 */
export async function storm({
  browser,
  servers,
  site,
  recorder,
  storage,
  locks = true,
  adapter = 'xhr',
  keepalive = false,
  seconds,
  tabs = 6,
  every = 250,
}) {
  const context = await browser.newContext()
  const settings = {
    storage,
    adapter,
    apiUrl: servers.apiUrl,
    tokenEndpoint: recorder.tokenEndpoint,
    ...(keepalive && { keepalive: '' }),
  }
  const events = []
  const endedAt = new Map()
  if (!locks) await context.addInitScript(withoutLocks)
  await context.exposeBinding('tell', (_source, event) => void events.push({ ...event, at: Date.now() }))

  await servers.configure({ accessTokenLifetime: LIFETIME })
  await servers.reset()
  const from = recorder.requests.length

  /** Opens a tab. `document` identifies the document that it shows. */
  async function open() {
    const page = await context.newPage()
    const tab = { page }
    await show(tab, () => page.goto(site.url({ ...settings, start: '' })))
    return tab
  }
  async function show(tab, load) {
    await load()
    tab.document = await tab.page.evaluate(() => globalThis.app.document)
  }
  const end = (tab) => endedAt.set(tab.document, Date.now())

  const first = await context.newPage()
  await first.goto(site.url(settings))
  await first.evaluate((tokens) => globalThis.app.signIn(tokens), await servers.mint())
  const living = await Promise.all(Array.from({ length: tabs }, open))
  await first.close()

  // A refresh token whose successor is lost with its tab ends the session: the script signs in again, as a user would.
  const signIns = []
  const shortLived = living.slice(0, tabs / 2)
  const startedAt = Date.now()
  let ended = 0
  // A busy machine ends few tabs in that time, and sends few requests.
  const isEnough = async () =>
    ended >= ENDS &&
    recorder.requests.length - from >= REFRESHES &&
    (await living.at(-1).page.evaluate(() => globalThis.app.answered())) >= ANSWERS
  while (Date.now() - startedAt < seconds * 1000 || !(await isEnough())) {
    if (Date.now() - startedAt > seconds * 1000 + LIMIT) throw new Error('the tabs send too few requests')
    await pause(every * (0.5 + Math.random()))
    const tab = pick(shortLived)
    end(tab)
    ended++
    if (Math.random() < 0.5) await show(tab, () => tab.page.reload())
    else {
      await tab.page.close()
      const index = shortLived.indexOf(tab)
      shortLived[index] = living[living.indexOf(tab)] = await open()
    }
    const steady = living.at(-1).page
    if (await steady.evaluate(() => globalThis.app.status().status === 'signed_out')) {
      await steady.evaluate((tokens) => globalThis.app.signIn(tokens), await servers.mint())
      signIns.push(Date.now())
    }
  }
  const took = (Date.now() - startedAt) / 1000
  await Promise.all(living.map(({ page }) => page.evaluate(() => globalThis.app.stop())))
  await pause(300)
  const answered = (await Promise.all(living.map(({ page }) => page.evaluate(() => globalThis.app.answered())))).reduce(
    (a, b) => a + b,
    0,
  )
  const states = await Promise.all(living.map(({ page }) => page.evaluate(() => globalThis.app.status().status)))
  const leftOut = states.includes('signed_in') ? states.filter((state) => state !== 'signed_in').length : 0
  const counts = await servers.counts()
  const requests = recorder.requests.slice(from)
  await context.close()

  const firstUse = new Map()
  const losses = []
  let faults = 0
  let early = 0
  let previous
  for (const request of requests) {
    const before = firstUse.get(request.token)
    if (!before) firstUse.set(request.token, request)
    else if (before.status === 200) {
      const end = endedAt.get(before.document) ?? Infinity
      if (end <= before.answeredAt + GRACE) losses.push(request.at)
      else faults++
    }
    if (request.status !== 200) continue
    // Token sets store the expiry in whole seconds, rounded down.
    if (previous && request.sentAt < (Math.floor((previous.sentAt - START) / 1000) + LIFETIME) * 1000 - REFRESH_WINDOW) early++
    previous = request
  }
  const lived = events.filter(({ document, at }) => at < (endedAt.get(document) ?? Infinity))
  // From the loss of a response until a second after the next sign-in, when every tab has the new set.
  const excused = losses.map((loss) => [loss - GRACE, (signIns.find((at) => at > loss) ?? Infinity) + 1000])
  // On a busy machine a token may expire before the API has judged the second send. A second send with the token before the refresh fails sooner.
  const newestAt = (time) => requests.findLast(({ status, answeredAt }) => status === 200 && answeredAt <= time)
  const isLate = ({ code, status, at, resentAt = at }) =>
    code === 'ERR_BAD_REQUEST' &&
    status === 401 &&
    [resentAt, resentAt - NOTICE].some((time) => at - (newestAt(time)?.at ?? 0) > SHORTEST)
  const explained = (event) => excused.some(([from, to]) => event.at >= from && event.at < to)
  const unexplained = lived.filter((event) => !explained(event) && !isLate(event))
  const signedOut = unexplained.filter(({ type }) => type === 'signed_out')
  const failed = unexplained.filter(({ type }) => type === 'failed')
  return {
    took,
    ended,
    refreshes: counts.refreshGrants,
    early,
    reused: counts.refreshTokensReused,
    died: losses.length,
    faults,
    undelivered: requests.filter(({ undelivered }) => undelivered).length,
    signIns: signIns.length,
    late: lived.filter((event) => !explained(event) && isLate(event)).length,
    leftOut,
    signedOut: signedOut.length,
    failed: failed.length,
    examples: unexplained.slice(0, 3),
    answered,
    served: counts.served,
    rejected: counts.rejected,
  }
}
