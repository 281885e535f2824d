// Several tabs of one origin that send requests all the time with tokens that live for a second or two, while some of them are reloaded, or closed and opened again.

const pick = (list) => list[Math.floor(Math.random() * list.length)]
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Takes `navigator.locks` away before a page's scripts run. */
export const withoutLocks = () => {
  Object.defineProperty(Navigator.prototype, 'locks', { configurable: true, get: () => undefined })
}

/** In seconds. The authorization server counts in whole ones, so that a token lives between one and two. */
const LIFETIME = 2
/** How long before its expiry a token may be refreshed, in milliseconds: 20 % of its life. */
const ADVISORY = 400
/** How long a request is under way to the authorization server, in milliseconds, at most. */
const TRANSIT = 50
/** How late the end of a document may be seen after what was under way in it, in milliseconds. */
const GRACE = 250

/**
 * Resolves with what was counted:
 * - `refreshes`, and `early` ones, of a token that was not due yet;
 * - `reused` refresh tokens, by the authorization server; `died`: those whose first answer died with its tab, so that nobody could save it (sent a third
 *   time, the server no longer counts them); `faults`: those for which there is no such excuse;
 * - `signedOut` and `failed`, in tabs that lived, but for what follows from an answer that died; `signIns` after such a death;
 * - `leftOut`: tabs that are signed out at the end while others are signed in;
 * - `answered`: requests with the answer 200 in tabs that lived to the end; `served`: by the API; `ended`: tabs closed or reloaded.
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

  /** A tab, and the document that it shows. */
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

  // A token whose successor died with its tab ends the session: somebody signs in again, as a user would.
  const signIns = []
  const restless = living.slice(0, tabs / 2)
  const startedAt = Date.now()
  let ended = 0
  while (Date.now() - startedAt < seconds * 1000) {
    await pause(every * (0.5 + Math.random()))
    const tab = pick(restless)
    end(tab)
    ended++
    if (Math.random() < 0.5) await show(tab, () => tab.page.reload())
    else {
      await tab.page.close()
      const index = restless.indexOf(tab)
      restless[index] = living[living.indexOf(tab)] = await open()
    }
    const calm = living.at(-1).page
    if (await calm.evaluate(() => globalThis.app.status().status === 'signed_out')) {
      await calm.evaluate((tokens) => globalThis.app.signIn(tokens), await servers.mint())
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
  const deaths = []
  let faults = 0
  let early = 0
  let previous
  for (const request of requests) {
    const before = firstUse.get(request.token)
    if (!before) firstUse.set(request.token, request)
    else if (before.status === 200) {
      const end = endedAt.get(before.document) ?? Infinity
      if (end <= before.answeredAt + GRACE) deaths.push(request.at)
      else faults++
    }
    if (request.status !== 200) continue
    // The expiry is stored in whole seconds, rounded down.
    if (previous && request.at < (Math.floor((previous.at - TRANSIT) / 1000) + LIFETIME) * 1000 - ADVISORY) early++
    previous = request
  }
  const lived = events.filter(({ document, at }) => at < (endedAt.get(document) ?? Infinity))
  // From the death of an answer until somebody has signed in again, and the others have heard of it.
  const excused = deaths.map((death) => [death - GRACE, (signIns.find((at) => at > death) ?? Infinity) + 1000])
  const unexplained = lived.filter(({ at }) => !excused.some(([from, to]) => at >= from && at < to))
  const signedOut = unexplained.filter(({ type }) => type === 'signed_out')
  const failed = unexplained.filter(({ type }) => type === 'failed')
  return {
    took,
    ended,
    refreshes: counts.refreshGrants,
    early,
    reused: counts.refreshTokensReused,
    died: deaths.length,
    faults,
    undelivered: requests.filter(({ undelivered }) => undelivered).length,
    signIns: signIns.length,
    leftOut,
    signedOut: signedOut.length,
    failed: failed.length,
    examples: unexplained.slice(0, 3),
    answered,
    served: counts.served,
    rejected: counts.rejected,
  }
}
