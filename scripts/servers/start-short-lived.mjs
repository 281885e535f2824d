// Starts the server for tokens that live milliseconds, in a process of its own.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('short-lived.mjs', import.meta.url))

/** `{ tokenEndpoint, apiUrl, mint, counts, reuses, configure, reset, stop }`; `lifetime` and `tokenLatency` in milliseconds. */
export async function startShortLived({ lifetime = 200, tokenLatency = 0 } = {}) {
  const child = spawn(process.execPath, ['--no-warnings', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const { apiUrl, tokenEndpoint } = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}`)))
  })
  const ask = async (method, path, query = {}) =>
    (await fetch(`${apiUrl}${path}?${new URLSearchParams(query)}`, { method })).json()
  const configure = (settings) => ask('POST', '/_settings', settings)
  await configure({ lifetime, tokenLatency })
  return {
    apiUrl,
    tokenEndpoint,
    /** A first token set, of a family of its own. */
    mint: () => ask('POST', '/_mint'),
    counts: () => ask('GET', '/_counts'),
    /** Each reuse of a refresh token: `{ first, again, successorSeen }`. */
    reuses: () => ask('GET', '/_reuses'),
    configure,
    reset: () => ask('POST', '/_reset'),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.stdin.end()
        child.kill()
      }),
  }
}
