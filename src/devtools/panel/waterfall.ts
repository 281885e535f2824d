import type { Timeline, TimelineRequest } from '../timeline.js'
import { element, rect, svg } from './dom.js'

const SPAN = 30_000
const MAX_ROWS = 25
const WIDTH = 1000

/** The end of a request's last step so far. */
function endOf({ from, marks, waits }: TimelineRequest, now: number): number {
  const wait = waits.at(-1)
  return Math.max(from, marks.at(-1)?.at ?? from, wait ? (wait.to ?? now) : from)
}

/** The drawing in words, for a screen reader. */
function describe({ marks, waits }: TimelineRequest): string {
  const wait = waits.at(-1)
  const waiting = wait && (wait.to === undefined ? 'waiting' : `waited ${Math.round(wait.to - wait.from)} ms`)
  const has = (kind: string): string | undefined => (marks.some((mark) => mark.kind === kind) ? kind : undefined)
  return [has('sent'), has('refused'), waiting, has('re-sent')].filter((part) => part !== undefined).join(', ')
}

/** Draws the requests of the last seconds with activity, newest first, and the refreshes across them. */
export function drawWaterfall(list: HTMLOListElement, { requests, refreshes }: Timeline, now: number): void {
  const ends = [...requests.map((request) => endOf(request, now)), ...refreshes.map(({ to }) => to ?? now)]
  const last = Math.max(...ends, 0)
  const shown = requests.filter((request) => endOf(request, now) >= last - SPAN).slice(-MAX_ROWS)
  const bands = refreshes.filter(({ to }) => (to ?? now) >= last - SPAN)
  const first = Math.min(...shown.map(({ from }) => from), ...bands.map(({ from }) => from))
  const scale = (WIDTH * 0.98) / Math.max(last - first, 1)
  const x = (at: number): number => Math.max(0, (at - first) * scale)

  const row = (name: string, words: string, draw: (drawing: SVGSVGElement) => void): HTMLLIElement => {
    const drawing = svg(WIDTH)
    for (const { from, to, outcome } of bands) rect(drawing, `band ${outcome}`, x(from), Math.max(x(to ?? now) - x(from), 4))
    draw(drawing)
    return element(
      'li',
      { title: `${name}: ${words}` },
      element('span', { class: 'name' }, name),
      drawing,
      element('span', { class: 'words' }, words),
    )
  }
  const rows = shown.reverse().map((request) =>
    row(request.label, describe(request), (drawing) => {
      for (const { from, to } of request.waits) rect(drawing, 'wait', x(from), Math.max(x(to ?? now) - x(from), 4), 3, 4)
      for (const { kind, at } of request.marks) rect(drawing, kind, x(at), 6, 1, 8)
    }),
  )
  list.replaceChildren(...rows)
}
