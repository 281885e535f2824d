// Serves the page of the browser tests, bundled, over http://localhost.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { listen } from '../servers/process.ts'

const directory = new URL('../../__tests__/helpers/browser/', import.meta.url)

/**
 * `{ url, stop }`: `url(settings)` is the address of a page with these settings. `axios` names the package that is bundled as axios, `entry` the script of
 * the page.
 */
export async function startSite({ axios = 'axios', entry = 'page.ts' } = {}) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, directory))],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    write: false,
    ...(axios !== 'axios' && { alias: { axios } }),
    logLevel: 'warning',
  })
  const script = outputFiles[0].text
  const { server, port } = await listen()
  server.on('request', (request, response) => {
    const isScript = request.url.startsWith('/page.js')
    response
      .writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8', 'cache-control': 'no-store' })
      .end(isScript ? script : '<!doctype html><title>Tab</title><script src="/page.js"></script>')
  })
  return {
    url: (settings = {}, host = 'localhost') => `http://${host}:${port}/?${new URLSearchParams(settings)}`,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  }
}
