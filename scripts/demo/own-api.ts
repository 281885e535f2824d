// One call to the user's own API with the user's own token file.
import { access } from 'node:fs/promises'
import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { recordHistory } from 'axios-attach-oauth/devtools'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'
import type { OwnAPI } from './arguments.js'
import { green, item, masked, red, say } from './view.js'

/** Resolves with the exit code. */
export async function callOwnAPI({ tokenFile, apiUrl, tokenEndpoint, clientId, clientSecret }: OwnAPI): Promise<number> {
  try {
    await access(tokenFile)
    const api = axios.create({ baseURL: apiUrl.origin })
    const refresh = refreshToken({ tokenEndpoint, clientId, ...(clientSecret && { clientSecret }) })
    const session = attachOAuth(api, fileStore(tokenFile), { refresh })
    const history = recordHistory(session)
    const tokens = await session.tokens()
    if (!tokens) throw new Error(`${tokenFile} holds no token set`)
    say(`GET ${apiUrl.origin}${apiUrl.pathname}`)
    const response = await api.get<string>(apiUrl.href, { responseType: 'text', validateStatus: null })
    // The last events come when the lock of the file is free.
    await session.close()
    history.timeline().forEach((line) => item(line))
    const ok = response.status < 400
    say(`${ok ? green('✓') : red('✗')} ${response.status}, ${String(response.data ?? '').length} characters`)
    masked((await session.tokens()) ?? {}).forEach((line) => item(line))
    return ok ? 0 : 1
  } catch (error) {
    const { code = 'error', message } = error as { code?: string; message: string }
    const cause = isOAuthError(error) && error.cause instanceof Error ? ` (${error.cause.message})` : ''
    console.error(red(`${code}: ${message}${cause}`))
    return 1
  }
}
