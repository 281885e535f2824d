import type { Journal, Row, Span } from './journal.js'

const SVG = 'http://www.w3.org/2000/svg'
/** Rows of the lanes, in units of the drawing. */
const HEIGHT = 3
const LANE = 24
const GAP = 9
/** The least time that the picture spans, in milliseconds. */
const LEAST = 2000

function create(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value))
  return element
}

/** Rows in the order of their tabs. Returns the place of each row from the top. */
function placesOf(rows: readonly Row[]): number[] {
  const places: number[] = []
  let y = LANE + GAP
  for (const tab of [1, 2]) {
    rows.forEach((row, index) => {
      if (row.tab !== tab) return
      places[index] = y
      y += HEIGHT
    })
    y += GAP
  }
  return places
}

/** Draws a journal: a lane for the token endpoint, and a line for each request; time runs to the right. */
export class Waterfall {
  readonly svg = create('svg', { 'aria-hidden': 'true', preserveAspectRatio: 'none' }) as SVGSVGElement
  readonly #marker = create('rect', { class: 'selected', x: 0, height: HEIGHT })
  readonly #drawn = new Map<object, SVGElement>()
  readonly #journal: Journal
  readonly #places: number[]
  readonly #height: number

  constructor(journal: Journal) {
    this.#journal = journal
    this.#places = placesOf(journal.rows)
    this.#height = Math.max(...this.#places) + HEIGHT + 2
    this.svg.append(create('rect', { class: 'lane', x: 0, y: 0, width: 1e6, height: LANE }), this.#marker)
  }

  /** The request that is drawn at a place of the element, `fraction` from its top. */
  requestAt(fraction: number): number {
    const y = fraction * this.#height
    let nearest = 0
    this.#places.forEach((place, index) => {
      if (Math.abs(place - y) < Math.abs((this.#places[nearest] ?? 0) - y)) nearest = index
    })
    return nearest
  }

  select(index: number): void {
    this.#marker.setAttribute('y', String((this.#places[index] ?? 0) - 0.5))
    this.#marker.setAttribute('height', String(HEIGHT + 1))
  }

  /** Brings the drawing up to now. Returns the time that it spans, in milliseconds. */
  draw(now: number, isOver: boolean): number {
    const { rows, calls } = this.#journal
    const ends = isOver ? [...rows.flatMap(({ spans }) => spans), ...calls].map(({ to }) => to ?? 0) : [now]
    const width = Math.max(LEAST, ...ends) * 1.02
    this.svg.setAttribute('viewBox', `0 0 ${width} ${this.#height}`)
    this.#marker.setAttribute('width', String(width))
    rows.forEach(({ spans }, index) => spans.forEach((span) => this.#drawSpan(span, this.#places[index] ?? 0, now)))
    for (const call of calls) {
      const kind = call.to === undefined ? 'call' : `call ${call.status === 200 ? 'good' : 'bad'}`
      this.#update(call, { class: kind, y: call.tab === 1 ? 3 : 13, height: 8 }, call, now)
    }
    return width
  }

  #drawSpan(span: Span, y: number, now: number): void {
    const isThin = span.kind === 'waiting'
    const rejected = span.status === 401 ? ' rejected' : ''
    const place = isThin ? { y: y + 0.9, height: 1.1 } : { y: y + 0.2, height: HEIGHT - 0.5 }
    this.#update(span, { class: `${span.kind}${rejected}`, ...place }, span, now)
  }

  #update(
    key: object,
    attributes: Record<string, string | number>,
    { from, to }: { from: number; to?: number },
    now: number,
  ): void {
    let element = this.#drawn.get(key)
    if (element?.dataset.done) return
    if (!element) {
      element = create('rect', { x: from })
      this.#drawn.set(key, element)
      this.svg.append(element)
    }
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value))
    element.setAttribute('width', String(Math.max(1, (to ?? now) - from)))
    if (to !== undefined) element.dataset.done = 'yes'
  }
}
