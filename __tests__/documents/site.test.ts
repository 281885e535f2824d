import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { sidebar } from '../../docs/.vitepress/navigation.js'
import { siteLink } from '../../docs/.vitepress/links.js'
import { SignInError } from '../../src/sign-in/sign-in-error.js'
import { codeIn, section, tables } from './helpers/markdown.js'
import { PublicTypes } from './helpers/types.js'

const types = new PublicTypes()
const page = (name: string): Promise<string> => readFile(`docs/${name}.md`, 'utf8')
const sorted = (list: readonly string[]): string[] => [...list].sort()
/** The first column of a table. */
const names = (table: ReturnType<typeof tables>[number] = []): string[] => table.map((row) => codeIn(Object.values(row)[0]!)[0]!)
const membersOf = (name: string, entry: string): string[] => types.members(name, entry).map((member) => member.name)

describe('the pages of the site', () => {
  it('errors: a section with a stable anchor for each code, which says what happened and what to do', async () => {
    const text = await page('errors')
    const sections = text.split(/^## /m).filter((part) => part.startsWith('OAUTH_'))
    const codes = sections.map((part) => part.split(' ')[0]!)
    expect(sorted(codes)).toEqual(sorted(types.literals('OAuthErrorCode')))
    for (const [i, part] of sections.entries()) {
      expect(part).toContain(`{#${codes[i]!.toLowerCase()}}`)
      expect(part).toMatch(/\*\*What happened\.\*\* [\s\S]+\*\*What to do\.\*\* /)
    }
  })

  it('errors: a row for each code of the sign-in, in the section that its messages name', async () => {
    expect(new SignInError('SIGN_IN_LOST', 'Made up.').message).toMatch(/docs\/errors\.md#errors-of-the-sign-in$/)
    const [table] = tables(section(await page('errors'), 'Errors of the sign-in'))
    expect(sorted(names(table))).toEqual(sorted(types.literals('SignInErrorCode', 'sign-in')))
  })

  it('grants: a row for each option', async () => {
    const [grants, small] = tables(await page('grants'))
    expect(sorted(names(grants))).toEqual(sorted(membersOf('GrantOptions', 'grants')))
    expect(sorted(names(small))).toEqual(sorted(membersOf('RefreshTokenOptions', 'refresh-token')))
  })

  it.each([
    ['stores/web', 'WebStoreOptions', 'web'],
    ['stores/cookies', 'HttpOnlyCookiesOptions', 'cookies'],
    ['stores/file', 'FileStoreOptions', 'file'],
    ['stores/redis', 'RedisStoreOptions', 'redis'],
    ['stores/postgres', 'PostgresStoreOptions', 'postgres'],
    ['fetch', 'OAuthFetchOptions', 'fetch'],
  ])('%s: a row for each option', async (path, name, entry) => {
    const [table] = tables(await page(path))
    expect(sorted(names(table))).toEqual(sorted(membersOf(name, entry)))
  })

  it('the reference: the tables of the README, which are complete', async () => {
    const [text, readme] = [await page('reference'), await readFile('README.md', 'utf8')]
    for (const name of [
      'options',
      'requests',
      'session',
      'events',
      'snapshot',
      'errors',
      'refresh-functions',
      'stores',
      'entries',
    ]) {
      expect(text).toContain(`<!--@include: ../README.md#${name}-->`)
      expect(readme).toContain(`<!-- #region ${name} -->`)
      expect(readme).toContain(`<!-- #endregion ${name} -->`)
    }
  })

  it('every page is in the navigation', async () => {
    const groups = Object.values(sidebar).flatMap((list) => list as { items: { link: string }[] }[])
    const links = [...new Set(groups.flatMap(({ items }) => items.map(({ link }) => link)))]
    const pages = (await readdir('docs', { recursive: true }))
      .filter((name) => name.endsWith('.md') && !name.startsWith('api/') && name !== 'index.md')
      .map((name) => `/${name.replace(/(index)?\.md$/, '')}`)
    expect(sorted(links.filter((link) => link !== '/api/'))).toEqual(sorted(pages))
  })

  it('links to the documents of the repository lead to their pages, or to the repository', () => {
    const repository = 'https://github.com/OWNER/axios-attach-oauth'
    expect(siteLink('../README.md#options', 'guarantees.md')).toBe('/reference.md#options')
    expect(siteLink(`${repository}/blob/main/docs/stores/web.md#which-storage`, 'reference.md')).toBe(
      '/stores/web.md#which-storage',
    )
    expect(siteLink('../examples/own-store', 'writing-a-store.md')).toBe(`${repository}/blob/main/examples/own-store`)
    expect(siteLink(`${repository}/tree/main/examples/next`, 'reference.md')).toBe(`${repository}/tree/main/examples/next`)
    expect(siteLink('docs/stores/web.md', 'security.md')).toBe('/stores/web.md')
    expect(siteLink('./redis.md', 'stores/postgres.md')).toBe('/stores/redis.md')
    for (const href of ['https://example.com/', '#options', '/start']) expect(siteLink(href, 'start.md')).toBe(href)
  })
})

describe('what npm shows', () => {
  it('the links of the README are absolute, or lead to a heading, and their targets exist', async () => {
    const readme = await readFile('README.md', 'utf8')
    const hrefs = [...readme.matchAll(/\]\(([^)\s]+)\)|^\[[\w-]+\]: (\S+)$/gm)].map(
      ([, inline, reference]) => inline ?? reference!,
    )
    expect(hrefs.length).toBeGreaterThan(20)
    expect(hrefs.filter((href) => !/^(https:\/\/|#)/.test(href))).toEqual([])
    const own = 'https://github.com/OWNER/axios-attach-oauth/'
    const paths = hrefs
      .filter((href) => href.startsWith(own))
      .map((href) => href.slice(own.length).replace(/^(blob|tree)\/main\/|#.*/g, ''))
    expect(paths.filter((path) => !existsSync(path))).toEqual([])
  })

  it('the manifest has keywords that users search for, and links', async () => {
    const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Record<string, unknown> & { keywords: string[] }
    for (const field of ['homepage', 'repository', 'bugs', 'funding']) expect(manifest[field]).toBeDefined()
    expect(manifest.keywords).toEqual(
      expect.arrayContaining(['axios', 'oauth2', 'refresh-token', 'interceptor', 'token', 'react', 'nextjs', 'pkce']),
    )
  })
})
