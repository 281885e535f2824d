import { homedir } from 'node:os'
import { join } from 'node:path'
import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'
import {
  discovery,
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
} from 'openid-client'

const issuer = 'https://login.example.com'
const clientId = 'my-cli'

/**
 * Calls of the tool that run side by side share the file, and one of them
 * refreshes.
 */
export function connect(path = join(homedir(), '.my-cli-tokens.json')) {
  const api = axios.create({ baseURL: 'https://api.example.com' })
  const session = attachOAuth(api, fileStore(path), {
    refresh: refreshToken({ issuer, clientId }),
    rejectSignedOut: true,
  })
  return { api, session }
}

/** The command "login": device authorization grant (RFC 8628). */
export async function login({
  session,
}: ReturnType<typeof connect>): Promise<void> {
  const client = await discovery(new URL(issuer), clientId)
  const device = await initiateDeviceAuthorization(client, {
    scope: 'openid offline_access',
  })
  console.log(`Open ${device.verification_uri} and enter ${device.user_code}`)
  await session.signIn({ ...(await pollDeviceAuthorizationGrant(client, device)) })
}

/** The command "logout". */
export async function logout({
  session,
}: ReturnType<typeof connect>): Promise<void> {
  await session.signOut({ revoke: true })
}
