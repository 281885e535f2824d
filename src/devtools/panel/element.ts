import type { Faults } from '../faults.js'
import type { DevtoolsSession } from '../session.js'
import { element, setText } from './dom.js'
import { viewSession, type SessionView } from './session-view.js'
import { applyStyles } from './styles.js'

/** jsdom has frames only on request. */
const nextFrame = (draw: () => void): number => (globalThis.requestAnimationFrame ?? setTimeout)(draw) as number

/** The sessions that a panel shows, by the name that it gives them. */
export type DevtoolsSessions = Readonly<Record<string, DevtoolsSession>>

/** The custom element of the panel. */
export interface OAuthDevtoolsElement extends HTMLElement {
  /** Shows these sessions instead of the present ones. */
  show(sessions: DevtoolsSessions, faults?: Faults): void
  /** Whether the panel is unfolded. */
  open: boolean
}

/**
 * Defines the custom element `<oauth-devtools>` once. `mountDevtools` does so automatically. Throws a `TypeError` on a platform
 * without custom elements, such as React Native or a server.
 *
 * @example
 * defineDevtools()
 * document.querySelector('oauth-devtools').show({ api: session })
 */
export function defineDevtools(): void {
  definePanel('defineDevtools')
}

/** `caller`: the public function, for the error. */
export function definePanel(caller: string): void {
  if (typeof customElements === 'undefined')
    throw new TypeError(`${caller}: the panel needs a page with custom elements; elsewhere use recordHistory or printTimeline`)
  if (customElements.get('oauth-devtools')) return

  // Inside a function: a server has no HTMLElement.
  class Panel extends HTMLElement implements OAuthDevtoolsElement {
    readonly #title = element('summary')
    readonly #body = element('div', { class: 'body' })
    readonly #details = element('details', {}, this.#title, this.#body)
    #sessions: DevtoolsSessions = {}
    #faults: Faults | undefined
    #views: SessionView[] = []
    #timer: ReturnType<typeof setInterval> | undefined
    #frame: number | undefined

    constructor() {
      super()
      const root = this.attachShadow({ mode: 'open' })
      applyStyles(root)
      root.append(this.#details)
      this.#details.addEventListener('toggle', () => this.#draw())
    }

    get open(): boolean {
      return this.#details.open
    }
    set open(value: boolean) {
      this.#details.open = value
    }

    show(sessions: DevtoolsSessions, faults?: Faults): void {
      this.#sessions = sessions
      this.#faults = faults
      if (this.isConnected) this.connectedCallback()
    }

    connectedCallback(): void {
      this.disconnectedCallback()
      this.setAttribute('role', 'complementary')
      this.setAttribute('aria-label', 'OAuth devtools')
      this.#views = Object.entries(this.#sessions).map(([name, session]) =>
        viewSession(name, session, this.#faults, () => (this.#frame ??= nextFrame(() => this.#draw()))),
      )
      this.#body.replaceChildren(...this.#views.map(({ root }) => root))
      this.#timer = setInterval(() => this.#draw(), 1000)
      this.#draw()
    }

    disconnectedCallback(): void {
      for (const view of this.#views) view.stop()
      this.#views = []
      clearInterval(this.#timer)
    }

    #draw(): void {
      this.#frame = undefined
      const now = Date.now()
      const [first] = this.#views
      setText(
        this.#title,
        this.#views.length === 1 && first ? `OAuth: ${first.summary(now)}` : `OAuth: ${this.#views.length} sessions`,
      )
      if (this.open) for (const view of this.#views) view.render(now)
    }
  }
  customElements.define('oauth-devtools', Panel)
}
