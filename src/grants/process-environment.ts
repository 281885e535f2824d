import type { Environment } from './proxy.js'

/** The part of Node's `process` that is read. Browsers have none of it. */
interface Process {
  readonly env?: Environment
  readonly execArgv?: readonly string[]
  readonly release?: { readonly name?: string }
  readonly versions?: Environment
  readonly allowedNodeEnvironmentFlags?: ReadonlySet<string>
}

const current = (): Process => (globalThis as { process?: Process }).process ?? {}

/** The environment variables; empty if the platform has none. */
export const environmentVariables = (): Environment => current().env ?? {}

/** Is this Node, whose fetch ignores proxy variables? Bun and Deno read them. */
export function isNode(): boolean {
  const { release, versions } = current()
  return release?.name === 'node' && versions?.bun === undefined && !('Deno' in globalThis)
}

/** Do Node's own agents and fetch use proxy variables (`NODE_USE_ENV_PROXY`, `--use-env-proxy`)? */
export function nodeUsesProxyVariables(): boolean {
  const { env = {}, execArgv = [], allowedNodeEnvironmentFlags } = current()
  if (!allowedNodeEnvironmentFlags?.has('--use-env-proxy')) return false
  const options = [env.NODE_OPTIONS ?? '', ...execArgv].join(' ')
  return env.NODE_USE_ENV_PROXY === '1' || /(^|\s)--use-env-proxy(\s|$)/.test(options)
}
