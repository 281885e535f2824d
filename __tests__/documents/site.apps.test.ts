import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/browser/index.mjs'
import { pagesOf, serveSite, type ServedSite } from '../../scripts/site/serve.js'

declare global {
  /** Exists in the pages only, after axe-core is loaded. */
  var axe: { run(context: object, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
}

let browser: Browser
let context: BrowserContext
let site: ServedSite
let axeSource: string
/** Errors and warnings of the browser, and requests that leave the site. */
let complaints: string[]

beforeAll(async () => {
  // SITE_BUILT=1 takes what is there, while you work on the tests.
  if (!process.env.SITE_BUILT) await promisify(execFile)('npm', ['run', 'docs:build'])
  axeSource = await readFile('node_modules/axe-core/axe.min.js', 'utf8')
  site = await serveSite()
  browser = await launchChromium()
}, 600_000)
afterAll(async () => {
  await browser?.close()
  await site?.stop()
})
beforeEach(async () => {
  complaints = []
  context = await browser.newContext({ reducedMotion: 'reduce' })
})
afterEach(() => context.close())

async function openPage(path: string): Promise<Page> {
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${path}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(site.url) && !request.url().startsWith('data:'))
      complaints.push(`${path} asks for ${request.url()}`)
  })
  await page.goto(`${site.url}${path}`, { waitUntil: 'networkidle' })
  return page
}

/** What axe-core finds on a page. Most of its time goes into the colours of code, which are those of one theme: `/start` has them judged. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const exclude = page.url().endsWith('/start') ? [] : [['.vp-doc div[class*=language-] pre']]
  const found = await page.evaluate(
    // Samples of code scroll sideways and are read as text, so they need no focus.
    (context) => axe.run(context, { rules: { 'scrollable-region-focusable': { enabled: false } } }),
    { include: [['html']], exclude },
  )
  return found.violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${html.slice(0, 160)}`))
}

describe('the built site', () => {
  it('every page opens without an error, without another origin, and with nothing that axe-core finds; no link is dead', async () => {
    const paths = await pagesOf()
    expect(paths.length).toBeGreaterThan(50)
    const known = new Set(paths.map((path) => path.replace(/\/$/, '')))
    /** The pages of each finding. */
    const found = new Map<string, string[]>()
    const anchors = new Map<string, Set<string>>()
    const links: { from: string; to: string }[] = []
    const visit = async (path: string): Promise<void> => {
      const page = await openPage(path)
      for (const text of await violations(page)) found.set(text, [...(found.get(text) ?? []), path])
      const { ids, hrefs } = await page.evaluate(() => ({
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        hrefs: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href),
      }))
      anchors.set(path.replace(/\/$/, ''), new Set(ids))
      links.push(...hrefs.filter((href) => href.startsWith(site.url)).map((to) => ({ from: path, to })))
      await page.close()
    }
    const queue = [...paths]
    const work = async (): Promise<void> => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) await visit(path)
    }
    await Promise.all([work(), work(), work()])
    const dead = links.filter(({ to }) => {
      const { pathname, hash } = new URL(to)
      const path = pathname.replace(/(\/|\.html)$/, '')
      if (!known.has(path)) return !/\.(svg|png)$/.test(path)
      return hash !== '' && !anchors.get(path)?.has(decodeURIComponent(hash.slice(1)))
    })
    expect({ complaints, found: [...found], dead: dead.map(({ from, to }) => `${from} → ${to}`), missing: site.missing }).toEqual(
      {
        complaints: [],
        found: [],
        dead: [],
        missing: [],
      },
    )
  }, 600_000)

  it('the search finds an error code', async () => {
    const page = await openPage('/')
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.getByRole('searchbox').fill('OAUTH_NOT_REPLAYABLE')
    await page.locator('.result').first().waitFor({ timeout: 20_000 })
    expect(await page.locator('.results').innerText()).toContain('OAUTH_NOT_REPLAYABLE')
    expect(complaints).toEqual([])
  })
})

describe('the picture', () => {
  const summary = (page: Page): Promise<string> =>
    page
      .getByText(/^200 requests:/)
      .waitFor({ timeout: 60_000 })
      .then(() => page.locator('refresh-picture [role=status]').innerText())

  /** Makes the choices, and waits for the run that follows. */
  async function choose(
    page: Page,
    choices: { expiry?: string; answer?: string; second?: boolean; latency?: number },
  ): Promise<string> {
    await summary(page)
    await page.evaluate((given) => {
      const form = document.querySelector<HTMLFormElement>('refresh-picture form')!
      const press = (selector: string): void => form.querySelector<HTMLInputElement>(selector)!.click()
      if (given.latency) form.querySelector<HTMLInputElement>('[name=latency]')!.value = String(given.latency)
      if (given.expiry) press(`[value=${given.expiry}]`)
      if (given.answer) press(`[value=${given.answer}]`)
      if (given.second) press('[name=second]')
    }, choices)
    await page.getByText('The requests are under way.').waitFor()
    await summary(page)
    // A choice that was made during a run starts another one.
    await page.waitForTimeout(200)
    return summary(page)
  }

  const open = async (): Promise<Page> => {
    const page = await openPage('/how-it-works')
    await page.locator('refresh-picture .stage').scrollIntoViewIfNeeded()
    return page
  }

  it('unknown expiry: some requests are rejected and sent again, one token request, all are answered', async () => {
    const page = await open()
    const text = await summary(page)
    expect(text).toMatch(/^200 requests: 1 token request, \d+ rejected, \d+ waited, \d+ sent again, 200 answered\.$/)
    const [, rejected, resent] = /(\d+) rejected.* (\d+) sent again/.exec(text)!
    expect([Number(rejected) > 0, rejected]).toEqual([true, resent])
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  it('a known expiry: no request is rejected; a minute before it, none waits', async () => {
    const page = await open()
    expect(await choose(page, { expiry: 'expired' })).toMatch(
      /1 token request, 0 rejected, \d+ waited, 0 sent again, 200 answered/,
    )
    expect(await choose(page, { expiry: 'soon' })).toMatch(/1 token request, 0 rejected, 0 waited, 0 sent again, 200 answered/)
  })

  it('a second tab: one token request for both', async () => {
    const page = await open()
    expect(await choose(page, { second: true })).toMatch(/^200 requests: 1 token request, .* 200 answered\.$/)
  })

  it('503: three token requests, and no user is signed out; invalid_grant: one token request, and the session is over', async () => {
    const page = await open()
    expect(await choose(page, { answer: 'unavailable', latency: 100 })).toMatch(
      /^200 requests: 3 token requests, .* 200 failed\.$/,
    )
    expect(await page.locator('refresh-picture .history').innerText()).toContain('rejects with OAUTH_REFRESH_UNAVAILABLE')
    expect(await choose(page, { answer: 'ended', latency: 100 })).toMatch(/^200 requests: 1 token request, .* 200 failed\.$/)
    expect(await page.locator('refresh-picture .history').innerText()).toMatch(/rejects with OAUTH_(INVALID_GRANT|SIGNED_OUT)/)
  })

  it('works with the keyboard: the arrow keys choose a request, whose life is told', async () => {
    const page = await open()
    await summary(page)
    await page.locator('#picture-request').focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
    expect(await page.locator('refresh-picture label[for=picture-request]').innerText()).toBe('Request 23 of 200')
    expect(await page.locator('refresh-picture .history').innerText()).toMatch(/sent with token 1[\s\S]*the API answers 200/)
  })

  it('leaves nothing in the storage of the page', async () => {
    const page = await open()
    await summary(page)
    expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('picture')))).toEqual([])
  })
})
