// The main job on real servers, shown as it happens: `npm run demo`. With --token-file it does the same with your own API.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'
import { startServers } from '../servers/start.mjs'
import { readArguments } from './arguments.mjs'
import { crowd } from './crowd.mjs'
import { callOwnAPI } from './own-api.mjs'
import { signIn } from './sign-in.mjs'
import { bold, dim, green, heading, item, masked, red, say, table } from './view.mjs'

const SIZE = 200
const LIFETIME = 5

function show(number, title, { timeline, wrong }) {
  heading(number, title)
  timeline.marks().forEach((line) => item(line))
  say()
  timeline.draw(8).forEach((line) => item(line))
  item(dim('─ sent   ✗ rejected   ░ waiting   ━ sent again   ✓ answered'))
  return wrong
}

async function demo({ provokeReuse }) {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-'))
  const path = join(directory, 'tokens.json')
  const servers = await startServers({ accessTokenLifetime: LIFETIME })
  try {
    say(bold('axios-attach-oauth: the main job on real servers'))
    item(`authorization server  ${servers.issuer}   oidc-provider; refresh tokens rotate, reuse revokes them all`)
    item(`API                   ${servers.apiUrl}   asks it about every token; they live ${LIFETIME} s`)

    heading(1, 'Sign in once: authorization code + PKCE')
    const tokens = await signIn(servers.issuer, 'public')
    const expires_at = Math.floor(Date.now() / 1000) + tokens.expires_in
    await writeFile(path, JSON.stringify({ ...tokens, expires_at, note: 'a member of another program' }), { mode: 0o600 })
    const before = JSON.parse(await readFile(path, 'utf8'))
    item('the token file:')
    masked(before).forEach((line) => item(`  ${line}`))

    heading(2, 'Use it, as an application does')
    const api = axios.create({ baseURL: servers.apiUrl })
    const session = attachOAuth(api, fileStore(path), {
      refresh: refreshToken({ tokenEndpoint: servers.tokenEndpoint, clientId: 'public' }),
    })
    const form = new URLSearchParams({ colour: 'green' })
    for (const response of [await api.get('/me'), await api.post('/form', form), await api.post('/json', { colour: 'green' })])
      item(
        `${green('✓')} ${response.data.method.padEnd(4)} ${response.data.url.padEnd(6)} ${response.status}  ${dim(response.data.contentType ?? '')}`,
      )

    await pause(LIFETIME * 1000 + 1000)
    let wrong = await show(
      3,
      `The token has expired. ${SIZE} requests at once: nobody is rejected, all wait for one refresh`,
      await crowd(api, session, 1, SIZE),
    )

    await servers.refuseAccessTokens()
    wrong += await show(
      4,
      `The server alone refuses the token. ${SIZE} requests at once: rejected, and sent again after one refresh`,
      await crowd(api, session, 2, SIZE),
    )

    heading(5, 'The token file afterwards')
    const after = JSON.parse(await readFile(path, 'utf8'))
    masked(after).forEach((line) => item(`  ${line}`))

    if (provokeReuse) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'public', refresh_token: before.refresh_token })
      await fetch(servers.tokenEndpoint, { method: 'POST', body })
    }
    session.detach()
    return await judge(await servers.counts(), wrong, before, after)
  } finally {
    await servers.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** What the servers have counted against what it must be. */
async function judge(counts, wrong, before, after) {
  const rows = [
    ['refresh grants', counts.refreshGrants, 2],
    ['refresh tokens reused', counts.refreshTokensReused, 0],
    ['requests answered 401', counts.rejected, SIZE],
    ['requests served', counts.served, 2 * SIZE + 3],
    ['bodies that arrived intact', counts.intact, 2 * SIZE],
    ['requests sent more than twice', counts.sentMoreThanTwice, 0],
    ['answers lost or mixed up', wrong, 0],
    ['refresh token in the file is new', after.refresh_token !== before.refresh_token ? 'yes' : 'no', 'yes'],
    ['other members of the file kept', after.note === before.note ? 'yes' : 'no', 'yes'],
  ]
  heading(6, 'What the servers counted')
  const [head, ...lines] = table([['', 'counted', 'must be'], ...rows])
  item(dim(head.join('  ')))
  const failed = rows.filter(([, counted, expected]) => counted !== expected)
  lines.forEach((line, i) => item(`${line.join('  ')}  ${failed.includes(rows[i]) ? red('✗ wrong') : green('✓')}`))
  say()
  say(failed.length === 0 ? green('Everything is as it must be.') : red(`Wrong: ${failed.map(([name]) => name).join(', ')}.`))
  return failed.length === 0 ? 0 : 1
}

const settings = readArguments(process.argv.slice(2))
if (settings.exitCode !== undefined) process.exitCode = settings.exitCode
else process.exitCode = settings.own ? await callOwnAPI(settings.own) : await demo(settings)
