// npm run demo: signs in, refreshes and recovers on real servers; with --token-file, calls your own API.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'
import { startServers, type ServerCounts } from '../servers/start.js'
import { readArguments } from './arguments.js'
import { crowd, type CrowdOutcome } from './crowd.js'
import { callOwnAPI } from './own-api.js'
import { signIn } from './sign-in.js'
import { bold, dim, green, heading, item, masked, red, say, table } from './view.js'

const SIZE = 200
const LIFETIME = 5

/** What the API answers. */
interface Answer {
  method: string
  url: string
  contentType?: string
}
interface TokenFile {
  refresh_token: string
  note?: string
}
const readTokens = async (path: string): Promise<TokenFile> => JSON.parse(await readFile(path, 'utf8')) as TokenFile

/** Draws a round of requests, and returns how many answers were wrong. */
function show(number: number, title: string, { timeline, wrong, course }: CrowdOutcome): number {
  heading(number, title)
  timeline.marks().forEach((line) => item(line))
  say()
  timeline.draw(8).forEach((line) => item(line))
  item(dim('─ sent   ✗ rejected   ░ waiting   ━ sent again   ✓ answered'))
  say()
  item('The events of the refresh and of the first request, from axios-attach-oauth/devtools:')
  course.forEach((line) => item(dim(line)))
  return wrong
}

/** Resolves with the exit code. */
async function demo({ provokeReuse }: { provokeReuse: boolean }): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-'))
  const path = join(directory, 'tokens.json')
  const servers = await startServers({ accessTokenLifetime: LIFETIME })
  try {
    say(bold('axios-attach-oauth on real servers'))
    item(`authorization server  ${servers.issuer}   oidc-provider; refresh tokens rotate, a reuse revokes them all`)
    item(`API                   ${servers.apiUrl}   introspects every token; the first access token is valid for ${LIFETIME} s`)

    heading(1, 'Sign in once: authorization code + PKCE')
    const tokens = await signIn(servers.issuer, 'public')
    const expires_at = Math.floor(Date.now() / 1000) + (tokens.expires_in ?? LIFETIME)
    await writeFile(path, JSON.stringify({ ...tokens, expires_at, note: 'a member of another program' }), { mode: 0o600 })
    const before = await readTokens(path)
    // A slow machine must not need another refresh in the middle of a round.
    await servers.configure({ accessTokenLifetime: 600 })
    item('the token file:')
    masked(before).forEach((line) => item(`  ${line}`))

    heading(2, 'Send requests with the access token')
    const api = axios.create({ baseURL: servers.apiUrl })
    const session = attachOAuth(api, fileStore(path), {
      refresh: refreshToken({ tokenEndpoint: servers.tokenEndpoint, clientId: 'public' }),
    })
    const form = new URLSearchParams({ colour: 'green' })
    const posts = [api.post<Answer>('/form', form), api.post<Answer>('/json', { colour: 'green' })]
    for (const response of await Promise.all([api.get<Answer>('/me'), ...posts]))
      item(
        `${green('✓')} ${response.data.method.padEnd(4)} ${response.data.url.padEnd(6)} ${response.status}  ${dim(response.data.contentType ?? '')}`,
      )

    await pause(Math.max(0, expires_at * 1000 - Date.now()) + 1000)
    let wrong = show(
      3,
      `The token has expired. ${SIZE} concurrent requests: none is rejected, all wait for one refresh`,
      await crowd(api, session, 1, SIZE),
    )

    await servers.refuseAccessTokens()
    wrong += show(
      4,
      `The API rejects the token before it expires. ${SIZE} concurrent requests: each gets a 401 and is sent again after one refresh`,
      await crowd(api, session, 2, SIZE),
    )

    heading(5, 'The token file after both refreshes')
    const after = await readTokens(path)
    masked(after).forEach((line) => item(`  ${line}`))

    if (provokeReuse) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'public', refresh_token: before.refresh_token })
      await fetch(servers.tokenEndpoint, { method: 'POST', body })
    }
    session.detach()
    return evaluate(await servers.counts(), wrong, before, after)
  } finally {
    await servers.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Compares the counts of the servers with what is expected; returns the exit code. */
function evaluate(counts: ServerCounts, wrong: number, before: TokenFile, after: TokenFile): number {
  const rows: (readonly [string, string | number, string | number])[] = [
    ['refresh grants', counts.refreshGrants, 2],
    ['refresh tokens reused', counts.refreshTokensReused, 0],
    ['requests answered 401', counts.rejected, SIZE],
    ['requests served', counts.served, 2 * SIZE + 3],
    ['bodies that arrived intact', counts.intact, 2 * SIZE],
    ['requests sent more than twice', counts.sentMoreThanTwice, 0],
    ['answers lost or swapped', wrong, 0],
    ['refresh token in the file is new', after.refresh_token !== before.refresh_token ? 'yes' : 'no', 'yes'],
    ['unknown members of the file kept', after.note === before.note ? 'yes' : 'no', 'yes'],
  ]
  heading(6, 'What the servers counted')
  const [head, ...lines] = table([['', 'counted', 'expected'], ...rows])
  item(dim(head!.join('  ')))
  const failed = rows.filter(([, counted, expected]) => counted !== expected)
  lines.forEach((line, i) => item(`${line.join('  ')}  ${failed.includes(rows[i]!) ? red('✗ wrong') : green('✓')}`))
  say()
  say(
    failed.length === 0
      ? green('All counts are as expected.')
      : red(`Not as expected: ${failed.map(([name]) => name).join(', ')}.`),
  )
  return failed.length === 0 ? 0 : 1
}

const settings = readArguments(process.argv.slice(2))
if ('exitCode' in settings) process.exitCode = settings.exitCode
else process.exitCode = 'own' in settings ? await callOwnAPI(settings.own) : await demo(settings)
