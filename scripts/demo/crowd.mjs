// Two hundred requests at once: GETs, form posts and JSON posts, each with a body that the API hashes.
import { createHash } from 'node:crypto'
import { Timeline } from './timeline.mjs'
import { progress } from './view.mjs'

const sha256 = (text) => createHash('sha256').update(text).digest('hex')

function requestOf(round, i) {
  const headers = { 'x-request-id': `round ${round}, request ${i}` }
  if (i % 3 === 0) return { method: 'get', url: `/item/${i}`, headers: { ...headers, 'x-body-sha256': sha256('') } }
  if (i % 3 === 1) {
    const data = new URLSearchParams({ item: String(i), note: 'ä & ö = ü' })
    return { method: 'post', url: `/item/${i}`, data, headers: { ...headers, 'x-body-sha256': sha256(data.toString()) } }
  }
  const data = { item: i, note: 'x'.repeat(i) }
  return { method: 'post', url: `/item/${i}`, data, headers: { ...headers, 'x-body-sha256': sha256(JSON.stringify(data)) } }
}

/** Sends them all and draws what happened. Returns the time line and how many answers came to the wrong caller or not at all. */
export async function crowd(api, session, round, size) {
  const timeline = new Timeline()
  const known = session.getSnapshot().expiresAt <= Date.now()
  const bar = progress(size)
  const undo = [
    session.on('refresh_started', () => timeline.mark('refresh   the refresh token goes to the token endpoint')),
    session.on('saved', () => timeline.mark('save      the new token set is in the file')),
    session.on('released', () => timeline.mark('use       the waiting requests get the new token')),
    session.on('resent', ({ url }) => {
      timeline.mark('re-send   the rejected requests are sent again')
      timeline.note(url, 'sent again')
    }),
    session.on('queued', ({ url, because }) => {
      if (because === 'rejected') timeline.note(url, 'rejected')
      timeline.note(url, 'waiting')
    }),
    session.on('released', ({ url }) => known && timeline.note(url, 'sent')),
  ]
  const requests = Array.from({ length: size }, (_, i) => requestOf(round, i))
  for (const { url } of requests) timeline.row(url)
  let wrong = 0
  await Promise.all(
    requests.map(async (request) => {
      if (!known) timeline.note(request.url, 'sent')
      try {
        const { data } = await api.request(request)
        if (data.id !== request.headers['x-request-id'] || data.url !== request.url) wrong++
      } catch {
        wrong++
      }
      timeline.note(request.url, 'answered')
      bar.step()
    }),
  )
  bar.end()
  undo.forEach((stop) => stop())
  return { timeline, wrong }
}
