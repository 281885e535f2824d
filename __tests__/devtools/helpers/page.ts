// A page with the panel and a session of its own.
import { createFaults, mountDevtools } from '../../../src/devtools/index.js'
import { burst, fakeSession } from './fake-session.js'

const session = fakeSession()
const faults = createFaults()
const undo = mountDevtools({ api: session }, { faults, open: true })
const devtoolsPage = {
  session,
  faults,
  undo,
  burst: () => burst(Date.now() - 400).forEach((event) => session.emit(event)),
  root: () => document.querySelector('oauth-devtools')?.shadowRoot,
}
export type DevtoolsPage = typeof devtoolsPage
Object.assign(globalThis, { devtoolsPage })
