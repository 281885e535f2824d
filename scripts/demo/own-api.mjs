// The main job with the user's own token file and API: one call, recovered if need be.
import { access } from 'node:fs/promises'
import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'
import { green, item, masked, red, say } from './view.mjs'

export async function callOwnAPI({ tokenFile, apiUrl, tokenEndpoint, clientId, clientSecret }) {
  try {
    await access(tokenFile)
    const api = axios.create({ baseURL: apiUrl.origin })
    const refresh = refreshToken({ tokenEndpoint, clientId, ...(clientSecret && { clientSecret }) })
    const session = attachOAuth(api, fileStore(tokenFile), { refresh })
    session.on('refresh_started', ({ reason }) => item(`refresh   the access token is ${reason}`))
    session.on('saved', () => item(`save      ${tokenFile} holds the new token set`))
    session.on('resent', ({ method, url }) => item(`re-send   ${method} ${url}`))
    const tokens = await session.tokens()
    if (!tokens) throw new Error(`${tokenFile} holds no token set`)
    say(`GET ${apiUrl.origin}${apiUrl.pathname}`)
    const response = await api.get(apiUrl.href, { responseType: 'text', validateStatus: null })
    const ok = response.status < 400
    say(`${ok ? green('✓') : red('✗')} ${response.status}, ${String(response.data ?? '').length} characters`)
    masked((await session.tokens()) ?? {}).forEach((line) => item(line))
    session.detach()
    return ok ? 0 : 1
  } catch (error) {
    const cause = isOAuthError(error) && error.cause instanceof Error ? ` (${error.cause.message})` : ''
    console.error(red(`${error.code ?? 'error'}: ${error.message}${cause}`))
    return 1
  }
}
