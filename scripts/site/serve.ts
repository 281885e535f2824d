// Serves the built site over http://localhost, as a host of static files does that knows clean URLs.
import { readFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

export const dist = join(import.meta.dirname, '../../docs/.vitepress/dist')

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

/** The paths of the pages, such as `/stores/redis`. */
export async function pagesOf(directory = dist): Promise<string[]> {
  const files = await readdir(directory, { recursive: true })
  return files
    .filter((name) => name.endsWith('.html') && name !== '404.html')
    .map((name) => `/${name.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`)
    .sort()
}

export interface ServedSite {
  readonly url: string
  /** Paths that were asked for and do not exist. */
  readonly missing: string[]
  stop(): Promise<void>
}

export async function serveSite(directory = dist): Promise<ServedSite> {
  const missing: string[] = []
  const find = async (path: string): Promise<{ name: string; content: Buffer } | undefined> => {
    const plain = normalize(path).replace(/\/$/, '/index')
    for (const name of extname(plain) in types ? [plain] : [`${plain}.html`, `${plain}/index.html`]) {
      const content = await readFile(join(directory, name)).catch(() => undefined)
      if (content) return { name, content }
    }
    return undefined
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    void find(decodeURIComponent(pathname)).then((found) => {
      if (!found) missing.push(pathname)
      response.writeHead(found ? 200 : 404, { 'content-type': types[extname(found?.name ?? '')] ?? 'text/plain' })
      response.end(found?.content)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    missing,
    stop: () => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  }
}
