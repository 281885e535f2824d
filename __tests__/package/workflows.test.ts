import { readdirSync, readFileSync } from 'node:fs'

const folder = '.github/workflows'
const workflows = readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8')] as const)

describe.each(workflows)('the workflow %s', (_name, text) => {
  it('pins every action by a full commit hash, with its release beside it', () => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line))
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([])
  })

  it('has no permissions but those that are listed', () => {
    expect(text).toMatch(/^permissions:(?: \{\}|\n {2}contents: read\n)/m)
    const granted = [...text.matchAll(/^ {6}([\w-]+): write$/gm)].map(([, permission]) => permission)
    expect(granted).toEqual(text.startsWith('name: Release') ? ['id-token', 'attestations', 'contents'] : [])
  })

  it('runs no install script of a dependency, and has no secret', () => {
    const installs = text.split('\n').filter((line) => /npm (?:ci|install|i)\b/.test(line))
    expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([])
    expect(text).not.toContain('secrets.')
  })
})
