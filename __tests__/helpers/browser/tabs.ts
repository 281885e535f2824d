import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium, startSite, withoutLocks, type Site } from '../../../scripts/browser/index.mjs'
import { startServers, type Servers } from '../../../scripts/servers/start.js'
import type { App } from './page.js'

declare global {
  /** The object that `page.ts` defines in the browser. */
  var app: App
}

/** A browser, the server of its pages, and the authorization and resource servers. */
export interface Stage {
  browser: Browser
  site: Site
  servers: Servers
  /** Opens a browser context: its pages share a storage that no other context has. */
  context(...initScripts: (() => void)[]): Promise<BrowserContext>
  open(context: BrowserContext, settings?: Record<string, string>): Promise<Page>
  close(): Promise<void>
}

export async function setStage({ axios = 'axios' } = {}): Promise<Stage> {
  const [browser, site, servers] = await Promise.all([launchChromium(), startSite({ axios }), startServers()])
  const contexts: BrowserContext[] = []
  return {
    browser,
    site,
    servers,
    async context(...initScripts) {
      const context = await browser.newContext()
      contexts.push(context)
      for (const script of initScripts) await context.addInitScript(script)
      return context
    },
    async open(context, settings = {}) {
      const page = await context.newPage()
      const { apiUrl, tokenEndpoint } = servers
      await page.goto(site.url({ storage: 'localStorage', apiUrl, tokenEndpoint, ...settings }))
      return page
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()))
      await browser.close()
      await Promise.all([site.stop(), servers.stop()])
    },
  }
}

export { withoutLocks }

export const withoutChannels = (): void => {
  Object.defineProperty(globalThis, 'BroadcastChannel', { configurable: true, value: undefined })
}

/** Waits until `condition` holds in the page. */
export const until = (page: Page, condition: () => boolean): Promise<unknown> =>
  page.waitForFunction(condition, undefined, { polling: 20, timeout: 20_000 })

/** Counts the outcomes by error code or status. */
export function tally(outcomes: readonly { status?: number; code?: string; message?: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, code, message } of outcomes) {
    const kind = String(code ?? status ?? message)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}
