// Many concurrent requests: GETs, form posts and JSON posts, each with a body that the API hashes.
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { AxiosInstance } from 'axios'
import type { AttachedSession } from 'axios-attach-oauth'
import { recordHistory, type WatchedSession } from 'axios-attach-oauth/devtools'
import { Timeline } from './timeline.js'
import { progress } from './view.js'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

interface CrowdRequest {
  method: 'get' | 'post'
  url: string
  data?: unknown
  headers: Record<string, string>
}

function requestOf(round: number, i: number): CrowdRequest {
  const headers = { 'x-request-id': `round ${round}, request ${i}` }
  if (i % 3 === 0) return { method: 'get', url: `/item/${i}`, headers: { ...headers, 'x-body-sha256': sha256('') } }
  if (i % 3 === 1) {
    const data = new URLSearchParams({ item: String(i), note: 'ä & ö = ü' })
    return { method: 'post', url: `/item/${i}`, data, headers: { ...headers, 'x-body-sha256': sha256(data.toString()) } }
  }
  const data = { item: i, note: 'x'.repeat(i) }
  return { method: 'post', url: `/item/${i}`, data, headers: { ...headers, 'x-body-sha256': sha256(JSON.stringify(data)) } }
}

export interface CrowdOutcome {
  timeline: Timeline
  /** Answers that came to the wrong caller or not at all. */
  wrong: number
  /** The events of the refresh and of the first request, as text. */
  course: string[]
}

/** The session as a watcher of one request sees it. */
const following = (session: AttachedSession, path: string): WatchedSession => ({
  on: (name, listener) => session.on(name, (event) => !('url' in event && !event.url.endsWith(path)) && listener(event)),
})

/** Sends `size` requests at the same time. */
export async function crowd(api: AxiosInstance, session: AttachedSession, round: number, size: number): Promise<CrowdOutcome> {
  const timeline = new Timeline()
  const snapshot = session.getSnapshot()
  const hasExpired = snapshot.status === 'signed_in' && (snapshot.expiresAt ?? Infinity) <= Date.now()
  const bar = progress(size)
  const history = recordHistory(following(session, '/item/0'))
  const saved = new Promise((resolve) => session.on('saved', resolve))
  const undo = [
    session.on('refresh_started', ({ at }) => timeline.mark('refresh', at)),
    session.on('saved', ({ at }) => timeline.mark('save', at)),
    session.on('released', ({ at }) => timeline.mark('use', at)),
    session.on('resent', ({ url, at }) => {
      timeline.mark('re-send', at)
      timeline.note(String(url), 'sent again', at)
    }),
    session.on('queued', ({ url, because, at }) => {
      if (because === 'rejected') timeline.note(String(url), 'rejected', at)
      timeline.note(String(url), 'waiting', at)
    }),
    session.on('released', ({ url, at }) => hasExpired && timeline.note(String(url), 'sent', at)),
  ]
  const requests = Array.from({ length: size }, (_, i) => requestOf(round, i))
  for (const { url } of requests) timeline.row(url)
  let wrong = 0
  await Promise.all(
    requests.map(async (request) => {
      if (!hasExpired) timeline.note(request.url, 'sent')
      try {
        const { data } = await api.request<{ id: string; url: string }>(request)
        if (data.id !== request.headers['x-request-id'] || data.url !== request.url) wrong++
      } catch {
        wrong++
      }
      timeline.note(request.url, 'answered')
      bar.step()
    }),
  )
  bar.end()
  // Listeners of the refresh run when the lock of the file is free.
  await Promise.race([saved, pause(1000, undefined, { ref: false })])
  undo.forEach((stop) => stop())
  return { timeline, wrong, course: history.timeline() }
}
