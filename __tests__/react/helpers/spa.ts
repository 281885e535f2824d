import { fork } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Counts {
  refreshGrants: number
  refreshTokensReused: number
  revocations: number
  served: number
  rejected: number
}
export interface Spa {
  readonly page: string
  counts(): Promise<Counts>
  /** Revokes all tokens at the authorization server. */
  revoke(): Promise<Counts>
  /** Sets the clock of the servers, in epoch milliseconds. */
  setTime(time: number): Promise<Counts>
  /** The clock of the servers. */
  now(): number
  /** Loads the module that attaches once more into all pages, as after a change of its file. */
  reloadAuth(): Promise<Counts>
  stop(): void
}

interface SpaOptions {
  readonly lifetime: number
  /** The bundle of oidc-client-ts: the example runs with `auth.oidc-client-ts.ts` in place of `auth.ts`. */
  readonly oidcClient?: string
}

/** Starts examples/react-spa with its servers. */
export async function startSpa({ lifetime, oidcClient }: SpaOptions): Promise<Spa> {
  const child = fork(join(process.cwd(), 'examples/react-spa/server/main.mjs'), {
    execArgv: ['--no-warnings', '--import', pathToFileURL(join(process.cwd(), '__tests__/react/helpers/movable-clock.mjs')).href],
    env: {
      ...process.env,
      NODE_ENV: 'development',
      ACCESS_TOKEN_TTL: String(lifetime),
      AUTH_PORT: '0',
      API_PORT: '0',
      ...(oidcClient !== undefined && { OIDC_CLIENT: oidcClient }),
      VITE_CONFIG: join(process.cwd(), '__tests__/react/helpers/spa.vite.config.mjs'),
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaints = ''
  child.stderr?.on('data', (chunk) => (complaints += String(chunk)))
  const answer = <Value>(): Promise<Value> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as Value))
      child.once('exit', (code) => reject(new Error(`the example ended with ${code}: ${complaints}`)))
    })
  const ask = (message: string | object): Promise<Counts> => {
    const answered = answer<Counts>()
    child.send(message)
    return answered
  }
  const { page } = await answer<{ page: string }>()
  let ahead = 0
  return {
    page,
    counts: () => ask('counts'),
    revoke: () => ask('revoke'),
    setTime(time) {
      ahead = time - Date.now()
      return ask({ time })
    },
    now: () => Date.now() + ahead,
    reloadAuth: () => ask('reload auth'),
    stop: () => void child.disconnect(),
  }
}
