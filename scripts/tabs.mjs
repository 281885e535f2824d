// Tabs of one origin that come and go, in a real browser, against a real authorization server: tsx scripts/tabs.mjs --seconds 20
import { parseArgs } from 'node:util'
import { launchChromium } from './browser/chromium.mjs'
import { startRecorder } from './browser/recorder.mjs'
import { startSite } from './browser/site.mjs'
import { storm } from './browser/storm.mjs'
import { startServers } from './servers/start.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    only: { type: 'string' },
    latency: { type: 'string', default: '0' },
    every: { type: 'string', default: '250' },
    keepalive: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(
    `tsx scripts/tabs.mjs [--seconds 20] [--only "indexedDB, Web Locks"] [--latency ms of the token endpoint] [--every ms] [--keepalive]`,
  )
  process.exit(0)
}

const variants = ['localStorage', 'indexedDB'].flatMap((storage) => [
  { name: `${storage}, Web Locks`, storage },
  { name: `${storage}, Web Locks, fetch adapter`, storage, adapter: 'fetch' },
  { name: `${storage}, no Web Locks`, storage, locks: false },
])

const [servers, site, browser] = await Promise.all([startServers({ accessTokenLifetime: 1 }), startSite(), launchChromium()])
const recorder = await startRecorder(servers.tokenEndpoint)
await servers.configure({ tokenLatency: Number(values.latency) })
let wrong = 0
try {
  for (const { name, ...variant } of variants) {
    if (values.only && values.only !== name) continue
    const { examples, ...counted } = await storm({
      browser,
      servers,
      site,
      recorder,
      ...variant,
      seconds: Number(values.seconds),
      every: Number(values.every),
      keepalive: values.keepalive,
    })
    const { faults, early, signedOut, failed, leftOut, reused, died } = counted
    const good = faults + early + signedOut + failed + leftOut === 0 && reused <= died
    if (!good) wrong++
    console.log(`${good ? 'good' : 'WRONG'}  ${name}\n       ${JSON.stringify(counted)}`)
    if (!good) console.log(examples)
  }
} finally {
  await browser.close()
  await Promise.all([servers.stop(), site.stop(), recorder.stop()])
}
process.exitCode = wrong > 0 ? 1 : 0
