import { choices, h } from './dom.js'
import type { Journal } from './journal.js'
import { run } from './run.js'
import { REQUESTS, defaults, type Settings } from './settings.js'
import { explanationOf, historyOf, summaryOf } from './texts.js'
import { Waterfall } from './waterfall.js'

const expiries = { unknown: 'unknown', expired: 'known, and over', soon: 'known, in 40 s' }
const answers = { token: 'answers with a token', unavailable: 'answers 503', ended: 'answers invalid_grant' }
const kinds = { sent: 'sent', waiting: 'waits', resent: 'sent again', rejected: 'rejected with 401' }

/** `<refresh-picture>`: two hundred requests and one refresh, by the package itself. */
class RefreshPicture extends HTMLElement {
  readonly #form = h('form')
  readonly #button = h('button', { type: 'submit' }, 'Send 200 requests')
  readonly #stage = h('div', { class: 'stage' })
  readonly #end = h('span')
  readonly #summary = h('p', { class: 'summary', role: 'status' })
  readonly #explanation = h('p', { class: 'explanation' })
  readonly #chosen = h('input', { type: 'range', min: '1', max: String(REQUESTS), value: '20', id: 'picture-request' })
  readonly #history = h('ol', { class: 'history', 'aria-live': 'polite' })
  readonly #historyTitle = h('label', { for: 'picture-request' })
  #journal: Journal | undefined
  #waterfall: Waterfall | undefined
  #isRunning = false

  connectedCallback(): void {
    if (this.childElementCount > 0) return
    this.#build()
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return
      observer.disconnect()
      void this.#start()
    })
    observer.observe(this.#stage)
  }

  #build(): void {
    const latency = h('input', {
      'aria-label': 'time that the token endpoint takes, in milliseconds',
      type: 'range',
      name: 'latency',
      min: '100',
      max: '4000',
      step: '100',
      value: String(defaults.latency),
    })
    const shown = h('output', {}, `${defaults.latency} ms`)
    latency.addEventListener('input', () => (shown.value = `${latency.value} ms`))
    this.#form.append(
      choices('Token expiry', 'expiry', expiries, defaults.expiry),
      choices('The token endpoint', 'answer', answers, defaults.answer),
      h('fieldset', {}, h('legend', {}, 'It takes'), latency, shown),
      h(
        'fieldset',
        {},
        h('legend', {}, 'Tabs'),
        h('label', {}, h('input', { type: 'checkbox', name: 'second' }), ' a second tab sends half of the requests'),
      ),
      this.#button,
    )
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#start()
    })
    this.#form.addEventListener('change', () => void this.#start())
    this.#chosen.addEventListener('input', () => this.#showRequest())
    this.#stage.addEventListener('pointermove', (event) => this.#point(event))
    this.#stage.addEventListener('pointerdown', (event) => this.#point(event))
    const legend = Object.entries(kinds).map(([kind, text]) =>
      h('li', {}, h('span', { class: kind, 'aria-hidden': 'true' }), text),
    )
    this.append(
      this.#form,
      this.#summary,
      h(
        'p',
        { class: 'lane-title' },
        'At the top: requests to the token endpoint. Below: one line for each request. Time runs to the right.',
      ),
      this.#stage,
      h('p', { class: 'axis' }, h('span', {}, '0 s'), this.#end),
      h('ul', { class: 'legend' }, ...legend),
      this.#explanation,
      this.#historyTitle,
      this.#chosen,
      this.#history,
    )
    this.#showRequest()
  }

  get #settings(): Settings {
    const data = new FormData(this.#form)
    return {
      expiry: data.get('expiry') as Settings['expiry'],
      answer: data.get('answer') as Settings['answer'],
      latency: Number(data.get('latency')),
      tabs: data.has('second') ? 2 : 1,
    }
  }

  async #start(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    const settings = this.#settings
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#button.setAttribute('aria-disabled', 'true')
    this.#summary.textContent = 'The requests are under way.'
    this.#explanation.textContent = ''
    try {
      const journal = await run(settings, (started) => {
        this.#show(started)
        if (!isStill) this.#animate()
      })
      this.#isRunning = false
      this.#draw(journal.now, true)
      this.#summary.textContent = summaryOf(journal)
      this.#explanation.textContent = explanationOf(settings)
      this.#showRequest()
    } finally {
      this.#isRunning = false
      this.#button.removeAttribute('aria-disabled')
    }
    // A choice that was made meanwhile.
    if (JSON.stringify(this.#settings) !== JSON.stringify(settings)) void this.#start()
  }

  #show(journal: Journal): void {
    this.#journal = journal
    this.#waterfall = new Waterfall(journal)
    this.#stage.replaceChildren(this.#waterfall.svg)
    this.#showRequest()
  }

  #animate(): void {
    if (!this.#isRunning || !this.#journal) return
    this.#draw(this.#journal.now, false)
    requestAnimationFrame(() => this.#animate())
  }

  #draw(now: number, isOver: boolean): void {
    const span = this.#waterfall?.draw(now, isOver) ?? 0
    this.#end.textContent = `${(span / 1000).toFixed(1)} s`
  }

  #point({ clientY, buttons, pointerType }: PointerEvent): void {
    const { top, height } = this.#stage.getBoundingClientRect()
    // A finger that scrolls must not choose.
    if (!this.#waterfall || (pointerType === 'touch' && buttons === 0)) return
    this.#chosen.value = String(this.#waterfall.requestAt((clientY - top) / height) + 1)
    this.#showRequest()
  }

  #showRequest(): void {
    const index = Number(this.#chosen.value) - 1
    const row = this.#journal?.rows[index]
    this.#waterfall?.select(index)
    const tab = row && this.#settings.tabs === 2 ? `, in tab ${row.tab}` : ''
    this.#historyTitle.textContent = `Request ${index + 1} of ${REQUESTS}${tab}`
    this.#chosen.setAttribute('aria-valuetext', `request ${index + 1}`)
    this.#history.replaceChildren(...(row ? historyOf(row).map((line) => h('li', {}, line)) : []))
  }
}

export function definePicture(): void {
  if (!customElements.get('refresh-picture')) customElements.define('refresh-picture', RefreshPicture)
}
