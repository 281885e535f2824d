import { readFileSync } from 'node:fs'
import { Converter, ReflectionKind } from 'typedoc'

const entries = JSON.parse(readFileSync(new URL('../scripts/package/entries.json', import.meta.url), 'utf8'))

/** The name that typedoc derives from a source file. */
const derived = (source) => source.replace(/^src\/|(\/index)?\.ts$/g, '')

/** Names each module of the reference as its entry of the package. */
function nameEntries(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const [entry] = Object.entries(entries).find(([, source]) => derived(source) === reflection.name) ?? []
    if (entry) reflection.name = entry === 'index' ? 'axios-attach-oauth' : entry
  })
}

/** @type {Partial<import('typedoc').TypeDocOptions> & Partial<import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  plugin: ['typedoc-plugin-markdown', nameEntries],
  entryPoints: Object.values(entries).map((source) => `../${source}`),
  tsconfig: 'tsconfig.api.json',
  out: 'api',
  readme: 'none',
  entryFileName: 'index',
  outputFileStrategy: 'modules',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  parametersFormat: 'table',
  treatWarningsAsErrors: true,
  // Parts of public types that have no name of their own for users.
  intentionallyNotExported: [
    'renamable',
    'WithoutRefreshing',
    'messages',
    'Some',
    'WindowSize',
    'HeaderOption',
    'Status',
    'StateOf',
    'Selector',
    'RefreshResult',
    'TokenProvider',
    'ActiveToken',
    'src/fetch/outgoing.ts:Fetch',
  ],
}
