// Run in a process of its own, bundled with one release of axios: sends a request for each case and prints what became of it.
import axios, { type AxiosRequestConfig } from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'

export interface ProxyCase {
  readonly env?: Readonly<Record<string, string>>
  readonly config: AxiosRequestConfig
  /** Without it, the request goes without this package. */
  readonly attach?: { readonly signedOut?: boolean; readonly dangerouslyAllowInsecureHttp?: boolean }
}

export interface ProxyOutcome {
  readonly status?: number
  readonly code?: string
  readonly message?: string
}

async function outcomeOf({ env = {}, config, attach }: ProxyCase): Promise<ProxyOutcome> {
  const api = axios.create({ timeout: 10_000, ...config })
  const { signedOut, ...options } = attach ?? {}
  if (attach) attachOAuth(api, memoryStore(signedOut ? undefined : { access_token: 'made-up' }), { refresh: false, ...options })
  Object.assign(process.env, env)
  try {
    const { status } = await api.get('/x', attach ? {} : { headers: { Authorization: 'Bearer made-up' } })
    return { status }
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { code, message }
  } finally {
    for (const name of Object.keys(env)) delete process.env[name]
  }
}

const outcomes: ProxyOutcome[] = []
for (const one of JSON.parse(process.argv[2] ?? '[]') as ProxyCase[]) outcomes.push(await outcomeOf(one))
console.log(JSON.stringify(outcomes))
process.exit()
