import { defined } from '../defined.js'
import { Clock } from './clock.js'
import type { SentCredential } from './epoch.js'
import type { Environment } from './environment.js'
import { Events, type EventStamp } from './events.js'
import { Notifications } from './notifications.js'
import type { PersistenceFactory } from './persistence.js'
import { RefreshCoordinator } from './refresh-coordinator.js'
import { RefreshThrottle } from './refresh-throttle.js'
import { Revocation } from './revocation.js'
import { SessionOperations } from './session-operations.js'
import type { SessionSettings } from './settings.js'
import { Snapshots } from './snapshot.js'
import { SessionState } from './state.js'
import { storeSync, type StoreSync } from './store-sync.js'
import { TokenProvider } from './token-provider.js'

/** The internals of a session, for the interceptors and the public object. */
export interface OpenSession {
  readonly operations: SessionOperations
  readonly provider: TokenProvider
  readonly snapshots: Snapshots
  readonly notifications: Notifications
  readonly sync: StoreSync
  /** The present settings. */
  readonly settings: SessionSettings
  /** Replaces the settings given in a later call. */
  readonly configure: (changes: Partial<SessionSettings>) => void
  /** The credentials that instances attached to this session have sent last, for any session. */
  readonly sentCredentials: SentCredential[]
}

/** Builds a session. */
export function openSession(
  createPersistence: PersistenceFactory,
  settings: SessionSettings,
  environment: Environment,
): OpenSession {
  const clock = new Clock(environment)
  const state = new SessionState(environment, clock, settings)
  const persistence = createPersistence(environment, settings)
  const throttle = new RefreshThrottle(settings)
  const snapshots = new Snapshots(state)
  const stamp = (): Omit<EventStamp, 'type'> => defined({ at: environment.now(), session: settings.name })
  const notifications = new Notifications(snapshots, new Events(stamp))
  const revocation = new Revocation(environment, settings, state, notifications)
  const services = { environment, settings, clock, state, persistence, throttle, revocation, snapshots, notifications }
  const coordinator = new RefreshCoordinator(services)
  const sync = storeSync(environment, persistence, state, coordinator, notifications)
  const provider = new TokenProvider({ ...services, coordinator, sync, events: notifications.events })
  const operations = new SessionOperations({ ...services, coordinator, sync, provider })
  const configure = (changes: Partial<SessionSettings>): void => {
    Object.assign(settings, changes)
    state.updateFastPath()
    // The snapshot's `canRefresh` may have changed.
    notifications.notify()
  }
  return { operations, provider, snapshots, notifications, sync, settings, configure, sentCredentials: [] }
}
