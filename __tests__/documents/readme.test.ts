import { readFile } from 'node:fs/promises'
import { readmeSizes, withSizes } from '../../scripts/package/readme-size.js'
import { codeIn, section, tables, type Table } from './helpers/markdown.js'
import { PublicTypes, entries } from './helpers/types.js'

const types = new PublicTypes()
let readme: string
beforeAll(async () => {
  readme = await readFile('README.md', 'utf8')
})

const tableOf = (heading: string, nth = 0): Table => tables(section(readme, heading))[nth] ?? []
const names = (table: Table, column: string): string[] => table.map((row) => codeIn(row[column] ?? '')[0] ?? row[column] ?? '')
const sorted = (list: readonly string[]): string[] => [...list].sort()
/** The numbers of a text, sections of RFCs left out. */
const numbersIn = (text: string): string[] =>
  (text.replace(/\(RFC[^)]*\)/g, '').match(/\d[\d,_]*(?:\.\d+)?/g) ?? []).map((number) => number.replace(/[,_]/g, ''))

describe('the tables of the README', () => {
  it('options of the session: the members of SessionOptions', () => {
    expect(sorted(names(tableOf('Options'), 'option'))).toEqual(sorted(types.members('SessionOptions').map(({ name }) => name)))
  })

  it('options of the instance: the members that AttachOptions adds', () => {
    const ofSession = types.members('SessionOptions').map(({ name }) => name)
    const added = types.members('AttachOptions').filter(({ name }) => !ofSession.includes(name))
    expect(sorted(names(tableOf('Options', 1), 'option'))).toEqual(sorted(added.map(({ name }) => name)))
  })

  it('the default of each option is the one in its doc comment', () => {
    const rows = [...tableOf('Options'), ...tableOf('Options', 1)]
    for (const { name, doc } of types.members('AttachOptions')) {
      const row = rows.find(({ option }) => option === `\`${name}\``)
      const [, stated = ''] = /Default:\s+(.*)/s.exec(doc) ?? []
      expect([name, stated]).not.toEqual([name, ''])
      expect([name, ...sorted(numbersIn(row?.default ?? ''))]).toEqual([name, ...sorted(numbersIn(stated))])
      for (const flag of ['`true`', '`false`']) {
        const saysSo = stated.startsWith(flag)
        expect([name, row?.default === flag]).toEqual([name, saysSo])
      }
    }
  })

  it('the option oauth of a request: false, a session, and the members of OAuthRequestOptions', () => {
    const members = types.members('OAuthRequestOptions').map(({ name }) => name)
    expect(sorted(names(tableOf('Requests'), 'value'))).toEqual(sorted(['false', 'a session', 'an object', ...members]))
  })

  it('the session: the members of AttachedSession', () => {
    expect(sorted(names(tableOf('Session'), 'member'))).toEqual(sorted(types.members('AttachedSession').map(({ name }) => name)))
  })

  it('the parameters of the session’s methods', () => {
    const text = section(readme, 'Session')
    for (const name of ['SignInOptions', 'AccessTokenOptions', 'RevocationResult'])
      for (const member of types.members(name)) expect(text).toMatch(new RegExp(`\\b${member.name}\\b`))
  })

  it('events: the members of SessionEvents with their fields', () => {
    const rows = Object.fromEntries(tableOf('Events').map(({ event, fields }) => [codeIn(event!)[0], sorted(codeIn(fields!))]))
    const expected = types.members('SessionEvents').map(({ name, members }) => [name, sorted(members)])
    expect(rows).toEqual(Object.fromEntries(expected))
  })

  it('fields of events: those of SessionEvents and of EventStamp', () => {
    const fields = types.members('SessionEvents').flatMap(({ members }) => members)
    const stamp = types.members('EventStamp').map(({ name }) => name)
    expect(sorted(names(tableOf('Events', 1), 'field'))).toEqual(sorted([...new Set([...fields, ...stamp])]))
  })

  it('snapshot: the statuses of SessionSnapshot with their fields', () => {
    const rows = Object.fromEntries(
      tableOf('Snapshot').map(({ status, fields }) => [codeIn(status!)[0], sorted(codeIn(fields!))]),
    )
    const expected = Object.entries(types.variants('SessionSnapshot', 'status')).map(([name, fields]) => [name, sorted(fields)])
    expect(rows).toEqual(Object.fromEntries(expected))
  })

  it('the reasons of a sign-out and of a refresh', () => {
    for (const reason of types.literals('SignOutReason')) expect(section(readme, 'Events')).toContain(`\`${reason}\``)
    for (const reason of types.literals('RefreshReason')) expect(section(readme, 'Events')).toContain(`\`${reason}\``)
  })

  it('errors: the codes of OAuthErrorCode', () => {
    expect(sorted(names(tableOf('Errors'), 'code'))).toEqual(sorted(types.literals('OAuthErrorCode')))
  })

  it('entries: those of the package with the values that they export', () => {
    const rows = Object.fromEntries(tableOf('Entries').map(({ entry, exports }) => [codeIn(entry!)[0], exports!.split(':')[0]!]))
    const full = (entry: string): string => `axios-attach-oauth${entry === 'index' ? '' : `/${entry}`}`
    expect(sorted(Object.keys(rows))).toEqual(sorted(Object.keys(entries).map(full)))
    for (const entry of Object.keys(entries))
      expect([entry, ...sorted(codeIn(rows[full(entry)]!))]).toEqual([entry, ...sorted(types.values(entry))])
  })
})

describe('the first screen of the README', () => {
  it('has examples of seven lines for a browser and for Node', () => {
    const [browser, node] = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!.trim().split('\n'))
    expect([browser?.length, node?.length]).toEqual([7, 7])
  })

  it('states the size of the bundles to half a kilobyte: npm run size:readme writes it', async () => {
    const sizes = await readmeSizes()
    const stated = [...(/\*\*Size\*\*.*/.exec(readme)?.[0] ?? '').matchAll(/([\d.]+) KB/g)].map(([, size]) => Number(size))
    expect(stated).toHaveLength(3)
    stated.forEach((size, i) => expect(Math.abs(size - sizes[i]!)).toBeLessThanOrEqual(0.5))
  })

  it('a figure is written into its place, and a line with another number of figures is refused', () => {
    const line = '**Size**: 1.0 KB; with `webStore` 2.0 KB.'
    expect(withSizes(`before 9 KB\n${line}\nafter`, [25.44, 29])).toBe(
      'before 9 KB\n**Size**: 25.4 KB; with `webStore` 29.0 KB.\nafter',
    )
    expect(() => withSizes(line, [1, 2, 3])).toThrow('must state 3 figures')
    expect(() => withSizes(line, [1])).toThrow('must state 1 figures')
  })
})
