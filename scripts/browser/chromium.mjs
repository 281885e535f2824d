// Finds a Chromium, the system's own or the one of npm, and starts it.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Every way to a browser, in the order in which they are tried. `CHROMIUM` names one's own. */
async function candidates() {
  const own = process.env.CHROMIUM
  if (own) return [own]
  const found = places.filter((path) => existsSync(path))
  // Unpacked into a temporary directory at the first call.
  const fromNpm = await import('@sparticuz/chromium').then(({ default: packed }) => packed.executablePath()).catch(() => undefined)
  return fromNpm ? [...found, fromNpm] : found
}

/** Starts a browser. Fails, and says what to do, when there is none that starts. */
export async function launchChromium() {
  const failures = []
  for (const executablePath of await candidates()) {
    try {
      return await chromium.launch({ executablePath, args })
    } catch (error) {
      failures.push(`${executablePath}: ${String(error).split('\n').slice(0, 6).join('\n  ')}`)
    }
  }
  throw new Error(
    [
      'No Chromium starts here, and these tests are nothing without one. Install the package chromium of your system (Debian: apt-get install chromium),',
      'name one in the environment variable CHROMIUM, or install the libraries that the one of @sparticuz/chromium lacks (Debian: apt-get install libnss3).',
      ...failures,
    ].join('\n'),
  )
}
