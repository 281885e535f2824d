import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'

export interface Site {
  readonly origin: string
  /** False: pages come without their script, so that an authorization response stays unused. */
  scripted: boolean
  stop(): Promise<void>
}

/** Serves the page of `page.ts` on every path of an origin of its own. */
export async function startSite(settings: object): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: [join(process.cwd(), '__tests__/sign-in/helpers/page.ts')],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    write: false,
  })
  const script = `const settings = ${JSON.stringify(settings)}\n${outputFiles[0]!.text}`
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response
      .writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' })
      .end(isScript ? script : `<!doctype html><title>App</title>${site.scripted ? '<script src="/page.js"></script>' : ''}`)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const site: Site = {
    scripted: true,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return site
}
