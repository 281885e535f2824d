/** The names that examples in the documents use without defining them, as declarations. */
export const names = `
import type { AxiosInstance } from 'axios'
import type * as React from 'react'
import type * as Fs from 'node:fs'
import type * as OpenidClient from 'openid-client'
import type * as Core from 'axios-attach-oauth'
import type * as Grants from 'axios-attach-oauth/grants'
import type * as Mapping from 'axios-attach-oauth/map-tokens'

declare global {
  type RefreshFunction = Core.RefreshFunction
  const api: AxiosInstance
  const backend: AxiosInstance
  const session: Core.AttachedSession
  const store: Core.TokenStore
  const refresh: Core.RefreshFunction
  const tokens: Core.TokenJSON
  const credentials: { name: string; password: string }
  const userId: string
  const signInAgain: (parameters: Record<string, string | undefined>) => Promise<Core.TokenResponse>
  const tokenEndpoint: string
  const clientId: string
  const client: typeof OpenidClient
  const config: OpenidClient.Configuration
  const storeOf: (user: string) => Core.TokenStore
  const showLogin: (reason: string) => void
  const showNotice: (text: string) => void
  const attachOAuth: typeof Core.attachOAuth
  const createSession: typeof Core.createSession
  const isOAuthError: typeof Core.isOAuthError
  const refreshToken: typeof Grants.refreshToken
  const mapTokens: typeof Mapping.mapTokens
  const createReadStream: typeof Fs.createReadStream
  const useSyncExternalStore: typeof React.useSyncExternalStore
}
`
