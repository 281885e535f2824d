import { OAuthError, isOAuthError } from '../../errors.js'

const advice: Readonly<Record<string, string>> = {
  WRONGTYPE: 'the key holds something else than this store has written: choose another key',
  NOAUTH: 'the server wants a password',
  NOPERM:
    'the user may not run this command on this key or channel: it needs EVALSHA, EVAL, HGET, HSET, HDEL, PEXPIRE, PERSIST, PUBLISH and TIME',
  READONLY: 'this is a replica: connect to the primary',
  OOM: 'the server is out of memory',
  LOADING: 'the server is starting and loads its data',
  MISCONF: 'the server can not save to its disk',
  CLUSTERDOWN: 'the cluster is down',
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'its socket is missing',
}

/** The replies of a server begin with a word in capitals, and some quote the arguments of the command, tokens included: only that word is kept. */
function wordOf(cause: unknown): string | undefined {
  const { code, name, message } = cause as { code?: unknown; name?: unknown; message?: unknown }
  const text = String(message)
  const known = Object.keys(advice).find((word) => new RegExp(`\\b${word}\\b`).test(text))
  if (known) return known
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code
  return /^[A-Z]{2,}(?= )/.exec(text)?.[0] ?? (typeof name === 'string' ? name : undefined)
}

/** Makes the typed error of a command that failed. The cause that it carries can't quote a token. */
export function redisFailure(name: string, verb: string, cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause
  const word = typeof cause === 'object' && cause !== null ? wordOf(cause) : undefined
  const detail = word && advice[word] ? `${word}: ${advice[word]}` : (word ?? 'unknown reason')
  return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb} (${detail}).`, {
    cause: Object.assign(new Error(`Redis: ${word ?? 'unknown reason'}`), word && { code: word }),
  })
}

/** What a server says while it starts, or while another one takes its place. */
const passing = new Set(['LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'TRYAGAIN', 'BUSY'])

/** Will it pass by itself? The connection has ended, or the server isn't ready; any other reply is its last word. */
export function isOutage(cause: unknown): boolean {
  const reply = /^([A-Z]{2,}) /.exec(String((cause as Error | undefined)?.message))
  return !reply || passing.has(reply[1] as string)
}
