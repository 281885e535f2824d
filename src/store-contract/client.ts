import axios, { AxiosError, type AxiosInstance } from 'axios'
import { attachOAuth, type AttachedSession, type TokenStore } from '../index.js'
import type { AuthorizationServer } from './authorization-server.js'
import type { CaseContext } from './case-context.js'

/** A program with a session of its own over `store`, and an API that asks the authorization server. */
export interface Client {
  readonly api: AxiosInstance
  readonly session: AttachedSession
  /** Sends the given number of requests concurrently. Resolves with the number of successful ones. */
  readonly send: (requests: number) => Promise<number>
}

export function client(context: CaseContext, server: AuthorizationServer, store: TokenStore): Client {
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      await null
      const status = server.accepts(config.headers.get('Authorization')) ? 200 : 401
      const response = { data: '', status, statusText: '', headers: {}, config }
      if (status === 200) return response
      throw new AxiosError('refused', AxiosError.ERR_BAD_REQUEST, config, undefined, response)
    },
  })
  const session = attachOAuth(api, store, {
    refresh: server.refresh,
    refreshLimit: { count: 1000, interval: 1 },
    // No wait may outlast the case, and a wait for the lock may last longer than a refresh.
    refreshTimeout: context.timeout / 2,
    storeTimeout: context.timeout,
    lockTimeout: context.timeout,
  })
  // A refresh under way may still write, so the place is cleaned up afterwards.
  context.atTheEnd.push(() => session.close({ timeout: context.timeout / 4 }))
  const send = async (requests: number): Promise<number> => {
    const answers = await Promise.allSettled(Array.from({ length: requests }, (_, i) => api.get(`/item/${i}`)))
    return answers.filter(({ status }) => status === 'fulfilled').length
  }
  return { api, session, send }
}
