// Finds a Chromium, of the system or of npm, and starts it.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
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

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const packed = new URL('../../node_modules/@sparticuz/chromium/', import.meta.url)

/**
 * Unpacks the Chromium of npm into a temporary directory and returns the path of the program. Concurrent calls unpack into directories of their own; the
 * first to finish is kept.
 */
async function unpack() {
  const { version } = JSON.parse(await readFile(new URL('package.json', packed), 'utf8'))
  const directory = join(tmpdir(), `axios-attach-oauth-chromium-${version}`)
  const executable = join(directory, 'chromium')
  if (existsSync(executable)) return executable
  const own = await mkdtemp(`${directory}-`)
  const program = `import('@sparticuz/chromium').then(({ default: packed }) => packed.executablePath())`
  const options = { cwd: fileURLToPath(packed), env: { ...process.env, TMPDIR: own } }
  try {
    await promisify(execFile)(process.execPath, ['-e', program], options)
    await rename(own, directory).catch((error) => {
      if (!existsSync(executable)) throw error
    })
  } finally {
    await rm(own, { recursive: true, force: true })
  }
  return executable
}

/** Starts the browser that the environment variable `CHROMIUM` names, else that of the system, else that of npm. Rejects with advice when none starts. */
export async function launchChromium() {
  const { CHROMIUM } = process.env
  const candidates = CHROMIUM ? [() => CHROMIUM] : [...paths.filter((path) => existsSync(path)).map((path) => () => path), unpack]
  const failures = []
  for (const find of candidates) {
    try {
      return await chromium.launch({ executablePath: await find(), args })
    } catch (error) {
      failures.push(String(error).split('\n').slice(0, 12).join('\n  '))
    }
  }
  throw new Error(
    [
      'No Chromium starts, and the browser tests need one. Install the package chromium of your system (Debian: apt-get install chromium),',
      'name a browser in the environment variable CHROMIUM, or install the libraries that @sparticuz/chromium needs (Debian: apt-get install libnss3).',
      ...failures,
    ].join('\n'),
  )
}
