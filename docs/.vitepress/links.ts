import { posix } from 'node:path'
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress'

const repository = 'https://github.com/OWNER/axios-attach-oauth/'

/** Documents outside of `docs` that a page of the site contains. */
const contained: Record<string, string> = {
  'README.md': 'reference.md',
  'SECURITY.md': 'security.md',
}

/**
 * The target of a link on a page of the site. A link to a document of the repository leads to the page that contains it, or to the repository.
 * `page` is the path of the page below `docs`.
 */
export function siteLink(href: string, page: string): string {
  const isAbsolute = href.startsWith(repository)
  if (!isAbsolute && (/^[a-z]+:/i.test(href) || href.startsWith('/') || href.startsWith('#'))) return href
  const [path = '', anchor] = (isAbsolute ? href.slice(repository.length).replace(/^(blob|tree)\/main\//, '') : href).split('#')
  // A page may contain a document of the root, whose links begin there.
  const file = isAbsolute || path.startsWith('docs/') ? path : posix.join('docs', posix.dirname(page), path)
  const suffix = anchor === undefined ? '' : `#${anchor}`
  const target = contained[file] ?? (file.startsWith('docs/') && file.endsWith('.md') ? file.slice('docs/'.length) : undefined)
  if (target !== undefined) return `/${target}${suffix}`
  return isAbsolute || file.startsWith('docs/') ? href : `${repository}blob/main/${file}${suffix}`
}

/** Makes links between the documents of the repository work on the site. */
export function linksToRepository(md: MarkdownRenderer): void {
  md.core.ruler.push('links to the repository', ({ tokens, env }) => {
    const { relativePath } = env as MarkdownEnv
    for (const { children } of tokens)
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href) token.attrSet('href', siteLink(href, relativePath))
      }
  })
}
