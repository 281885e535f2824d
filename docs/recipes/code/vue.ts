import type { Session, SessionSnapshot } from 'axios-attach-oauth'
import {
  getCurrentScope,
  onScopeDispose,
  readonly,
  shallowRef,
  type Ref,
} from 'vue'

/** The snapshot of a session as a ref. Call it in `setup`. */
export function useSession(session: Session): Readonly<Ref<SessionSnapshot>> {
  // Before hydration server and browser show the same.
  const snapshot = shallowRef(session.getServerSnapshot())
  const unsubscribe = session.subscribe(
    () => (snapshot.value = session.getSnapshot()),
  )
  if (typeof window !== 'undefined') snapshot.value = session.getSnapshot()
  if (getCurrentScope()) onScopeDispose(unsubscribe)
  return readonly(snapshot) as Readonly<Ref<SessionSnapshot>>
}
