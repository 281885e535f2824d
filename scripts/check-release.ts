// npm run check:release: refuses to release what is not ready. The release workflow runs it first.
import { readFileSync, readdirSync } from 'node:fs'

interface Manifest {
  version: string
  private?: boolean
  repository?: { url: string }
  homepage?: string
  bugs?: { url: string }
  funding?: string
  scripts?: Record<string, string>
}

/** What stands in the way of a release of `manifest`; `others` are files, by path, that link to the repository. */
export function obstacles(manifest: Manifest, changelog: string, others: ReadonlyMap<string, string> = new Map()): string[] {
  const { repository, homepage, bugs, funding } = manifest
  const links = { repository: repository?.url, homepage, 'bugs.url': bugs?.url, funding }
  const installScripts = ['preinstall', 'install', 'postinstall'].filter((name) => manifest.scripts?.[name])
  return [
    ...(manifest.private ? ['package.json: private is true'] : []),
    ...Object.entries(links).flatMap(([field, url]) => {
      if (!url) return field === 'funding' ? [] : [`package.json: ${field} is missing`]
      return /\bOWNER\b/.test(url) ? [`package.json: ${field} still names the placeholder OWNER`] : []
    }),
    ...[...others].filter(([, text]) => /\/OWNER\//.test(text)).map(([path]) => `${path}: still names the placeholder OWNER`),
    ...installScripts.map((name) => `package.json: the script ${name} would run in every application that installs the package`),
    ...(new RegExp(`^## \\[?${manifest.version.replaceAll('.', '\\.')}\\b`, 'm').test(changelog)
      ? []
      : [`CHANGELOG.md: no section for ${manifest.version}; npx changeset version writes it`]),
  ]
}

if (process.argv[1]?.endsWith('check-release.ts')) {
  const textOf = (path: string): string => readFileSync(path, 'utf8')
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => /^(?!api\/).*\.md$/.test(name))
  const others = [
    ...['.github/ISSUE_TEMPLATE/config.yml', 'README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/.vitepress/links.ts'],
    ...pages.map((name) => `docs/${name}`),
  ]
  const manifest = JSON.parse(textOf('package.json')) as Manifest
  const found = obstacles(manifest, textOf('CHANGELOG.md'), new Map(others.map((path) => [path, textOf(path)])))
  found.forEach((line) => console.error(line))
  console.log(found.length === 0 ? 'Ready for a release.' : `Not ready for a release: ${found.length} obstacles.`)
  process.exitCode = found.length === 0 ? 0 : 1
}
