// npm run screenshots: writes pictures of examples/react-spa and of the panel to reports/screenshots, and prints what axe-core finds.
import { fork } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { launchChromium } from './chromium.mjs'

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const environment = { AUTH_PORT: '0', API_PORT: '0', VITE_CONFIG: path('__tests__/react/helpers/spa.vite.config.mjs') }
const spa = fork(path('examples/react-spa/server/main.mjs'), { env: { ...process.env, ...environment } })
const [{ page: address }, axe] = await Promise.all([
  new Promise((resolve) => spa.once('message', resolve)),
  readFile(path('node_modules/axe-core/axe.min.js'), 'utf8'),
  mkdir(path('reports/screenshots'), { recursive: true }),
])
const sizes = { desktop: { width: 1100, height: 800 }, phone: { width: 390, height: 844 } }
const browser = await launchChromium()
let found = 0
for (const [size, viewport] of Object.entries(sizes))
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme })
    const take = async (name) => {
      await page.screenshot({ path: path(`reports/screenshots/${name}-${size}-${colorScheme}.png`) })
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => globalThis.axe.run())
      for (const { id, nodes } of violations) console.log(name, size, colorScheme, id, nodes[0].html)
      found += violations.length
    }
    await page.goto(address)
    await page.waitForSelector('button')
    await take('welcome')
    await page.click('button:has-text("Sign in")')
    await page.fill('[name=login]', 'alice')
    await page.fill('[name=password]', 'made-up')
    await page.click('[type=submit]')
    await page.waitForSelector('[value=consent]', { state: 'attached' })
    await page.click('[type=submit]')
    await page.waitForSelector('text=Tomatoes')
    await take('board')
    await page.click('oauth-devtools summary')
    await page.click('text=Reject the token')
    await page.waitForTimeout(2500)
    await take('panel')
    await page.close()
  }
await browser.close()
spa.disconnect()
console.log(found === 0 ? 'axe-core finds nothing' : `axe-core finds ${found}`)
process.exitCode = found === 0 ? 0 : 1
