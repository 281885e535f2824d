// npm run docs:screenshots: pictures of the built site on a desktop and a phone, light and dark, in reports/site.
import { mkdir } from 'node:fs/promises'
import { launchChromium } from '../browser/index.mjs'
import { serveSite } from './serve.js'

const views = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
}
const pages = process.argv.slice(2)
const directory = 'reports/site'

await mkdir(directory, { recursive: true })
const site = await serveSite()
const browser = await launchChromium()
for (const [view, options] of Object.entries(views))
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ ...options, colorScheme })
    const page = await context.newPage()
    for (const path of pages.length > 0 ? pages : ['/', '/how-it-works']) {
      await page.goto(`${site.url}${path}`)
      const picture = page.locator('refresh-picture')
      if ((await picture.count()) > 0) {
        await picture.scrollIntoViewIfNeeded()
        await picture.getByText(/^200 requests:/).waitFor({ timeout: 30_000 })
      }
      const name = `${path.replaceAll('/', '-').replace(/^-|-$/g, '') || 'first'}-${view}-${colorScheme}.png`
      const shot = { path: `${directory}/${name}`, style: '.VPNav, .VPLocalNav, .VPSidebar { visibility: hidden }' }
      if ((await picture.count()) > 0) await picture.screenshot(shot)
      else await page.screenshot({ path: shot.path, fullPage: true })
      console.log(`${directory}/${name}`)
    }
    await context.close()
  }
await browser.close()
await site.stop()
