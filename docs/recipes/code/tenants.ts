import { AsyncLocalStorage } from 'node:async_hooks'
import axios from 'axios'
import {
  attachOAuth,
  createSession,
  memoryStore,
  type Session,
} from 'axios-attach-oauth'
import { clientCredentials } from 'axios-attach-oauth/grants'

interface Tenant {
  readonly id: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

const sessions = new Map<string, Session>()

function sessionOf({ id, ...client }: Tenant): Session {
  const session =
    sessions.get(id) ??
    createSession(memoryStore(), { name: id, refresh: clientCredentials(client) })
  sessions.set(id, session)
  return session
}

const present = new AsyncLocalStorage<Tenant>()

/** Runs `work` for a tenant: every request within it carries the tenant's token. */
export const forTenant = <Result>(
  tenant: Tenant,
  work: () => Promise<Result>,
): Promise<Result> => present.run(tenant, work)

export const api = axios.create({ baseURL: 'https://api.example.com' })
// Without a tenant no request is sent.
attachOAuth(api, memoryStore(), { refresh: false, rejectSignedOut: true })
api.interceptors.request.use((config) => {
  const tenant = present.getStore()
  return tenant ? { ...config, oauth: sessionOf(tenant) } : config
})
