import { resolve } from 'node:path'
import { defineConfig } from 'vitepress'
import { entries } from '../../scripts/package/manifest.js'
import { linksToRepository } from './links.js'
import { navigation, sidebar } from './navigation.js'

const root = resolve(import.meta.dirname, '../..')

/** The package by its name, from its sources; the longest names first. */
const ownName = Object.entries(entries)
  .map(([entry, source]) => ({
    find: entry === 'index' ? /^axios-attach-oauth$/ : new RegExp(`^axios-attach-oauth/${entry}$`),
    replacement: resolve(root, source),
  }))
  .reverse()

export default defineConfig({
  title: 'axios-attach-oauth',
  description: 'OAuth 2.0 for axios: one refresh for any number of requests, tabs, processes and machines.',
  lang: 'en',
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: true,
  lastUpdated: false,
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.DOCS_BASE ?? '/'}logo.svg` }],
    ['meta', { property: 'og:title', content: 'axios-attach-oauth' }],
    ['meta', { property: 'og:description', content: 'Two hundred requests, one refresh. OAuth 2.0 for axios.' }],
    ['meta', { name: 'theme-color', content: '#0b6e5f' }],
  ],
  // `{{` is text in the documents.
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => linksToRepository(md),
  },
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag === 'refresh-picture' } } },
  vite: {
    resolve: {
      alias: [
        ...ownName,
        // Bundlers for browsers do this by the field `browser` of package.json.
        { find: /^(.*)\/node-only\.js$/, replacement: resolve(root, 'src/node-only.browser.ts') },
      ],
    },
  },
  // The home page of the theme has no main landmark.
  transformHtml: (html) => (html.includes('<main') ? html : html.replace(/(<div[^>]*\bid="VPContent")/, '$1 role="main"')),
  themeConfig: {
    logo: '/logo.svg',
    nav: navigation,
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT License' },
  },
})
