import { describeEvent } from '../describe.js'
import type { Faults } from '../faults.js'
import { recordHistory } from '../history.js'
import type { DevtoolsSession, SessionEvent } from '../session.js'
import { timelineOf } from '../timeline.js'
import { actionsOf, type Action } from './actions.js'
import { clockText, countdownOf } from './countdown.js'
import { element, rect, setText, svg } from './dom.js'
import { loadLastSignOut, saveLastSignOut } from './last-sign-out.js'
import { drawWaterfall } from './waterfall.js'

/** The view of one session. */
export interface SessionView {
  readonly root: HTMLElement
  /** A few words for the title of the panel. */
  summary(now: number): string
  render(now: number): void
  stop(): void
}

const windows = { left: 'valid', refresh: 'refresh window', blocking: 'requests wait' }
const steps = { sent: 'sent', refused: 'refused', wait: 'waits', 're-sent': 're-sent', band: 'refresh' }

function legend(kinds: Readonly<Record<string, string>>): HTMLElement {
  const entries = Object.entries(kinds).map(([kind, text]) => element('span', {}, element('i', { class: kind }), text))
  return element('p', { class: 'legend' }, ...entries)
}

/** Makes the view of a session and follows the session until `stop`. `changed` is called when there is something to draw. */
export function viewSession(
  name: string,
  session: DevtoolsSession,
  faults: Faults | undefined,
  changed: () => void,
): SessionView {
  let receivedAt: number | undefined
  let problem = ''
  let lastSignOut = loadLastSignOut(name)
  const onEvent = (event: SessionEvent): void => {
    // An adopted set was received elsewhere: its lifetime is unknown here.
    if (event.type === 'adopted') receivedAt = undefined
    if (event.type === 'refreshed' || event.type === 'signed_in') receivedAt = event.at
    const signedOut = history.events.findLast(({ type }) => type === 'signed_out')
    // Also for the events right after it, which may name its cause.
    if (signedOut && event.at - signedOut.at < 1000) lastSignOut = describeEvent(signedOut, history.events)
    if (lastSignOut !== undefined) saveLastSignOut(name, lastSignOut)
    changed()
  }
  const history = recordHistory(session, { onEvent })
  const unsubscribe = session.subscribe(changed)

  const run = async (action: Action): Promise<void> => {
    problem = ''
    try {
      await action.run()
    } catch (error) {
      problem = `${action.label}: ${error instanceof Error ? error.message : 'failed'}`
    }
    changed()
  }
  const state = element('p', { class: 'state' })
  const details = element('p', { class: 'soft' })
  const life = svg(100)
  life.setAttribute('class', 'life')
  const lifeLegend = legend(windows)
  const signOut = element('p')
  const notice = element('p', { role: 'status' })
  const buttons = actionsOf(session, faults).map((action) => {
    const button = element('button', { type: 'button', title: action.title }, action.label)
    button.addEventListener('click', () => void run(action))
    return { action, button }
  })
  const waterfall = element('ol', { class: 'waterfall', 'aria-label': 'Requests' })
  const log = element('ol', { class: 'log', 'aria-label': 'Events', tabindex: '0' })
  const root = element(
    'section',
    { 'aria-label': `Session ${name}` },
    element('h2', {}, name),
    state,
    details,
    life,
    lifeLegend,
    signOut,
    element('div', { class: 'actions' }, ...buttons.map(({ button }) => button)),
    notice,
    element('h3', {}, 'Requests, newest first'),
    legend(steps),
    waterfall,
    element('h3', {}, 'Events, newest first'),
    log,
  )

  function drawLife(now: number): void {
    const snapshot = session.getSnapshot()
    const expiresAt = snapshot.status === 'signed_in' ? snapshot.expiresAt : undefined
    const countdown = expiresAt === undefined ? undefined : countdownOf(expiresAt, receivedAt, now)
    life.replaceChildren()
    for (const part of [life, lifeLegend]) part.toggleAttribute('hidden', countdown?.share === undefined)
    if (countdown?.share === undefined) return
    const { share, refreshWindow = 0, blockingWindow = 0 } = countdown
    rect(life, 'left', 0, share * 100)
    rect(life, 'refresh', blockingWindow * 100, (Math.min(refreshWindow, share) - blockingWindow) * 100)
    rect(life, 'blocking', 0, Math.min(blockingWindow, share) * 100)
  }

  function summary(now: number): string {
    const snapshot = session.getSnapshot()
    if (snapshot.status !== 'signed_in') return snapshot.status.replace('_', ' ')
    const expiry = snapshot.expiresAt === undefined ? 'no known expiry' : clockText(snapshot.expiresAt - now)
    return `signed in, ${expiry}`
  }

  return {
    root,
    summary,
    render(now) {
      const snapshot = session.getSnapshot()
      state.className = `state ${snapshot.status}`
      setText(state, `${summary(now)}${snapshot.refreshing ? ', refreshing' : ''}`)
      if (snapshot.status === 'signed_in') {
        const { user, scope, persisted, canRefresh, lastError } = snapshot
        const facts = [
          user && `user ${user}`,
          scope && `scope ${scope}`,
          !persisted && 'not persisted',
          !canRefresh && 'cannot refresh',
          lastError && `last error ${lastError.code}`,
        ]
        setText(details, facts.filter(Boolean).join(' · '))
      } else setText(details, snapshot.status === 'unavailable' ? snapshot.error.code : '')
      drawLife(now)

      setText(signOut, lastSignOut === undefined ? '' : `Last: ${lastSignOut}`)
      for (const { action, button } of buttons) {
        button.disabled = action.needsSignIn === true && snapshot.status !== 'signed_in'
        if (action.pressed) button.setAttribute('aria-pressed', String(action.pressed()))
      }
      setText(notice, problem)
      drawWaterfall(waterfall, timelineOf(history.events), now)
      log.replaceChildren(
        ...history
          .lines()
          .slice(-100)
          .reverse()
          .map((text) => element('li', {}, text)),
      )
    },
    stop() {
      history.stop()
      unsubscribe()
    },
  }
}
