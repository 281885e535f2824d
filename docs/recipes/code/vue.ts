import type { Session, SessionSnapshot } from 'axios-attach-oauth'
import {
  getCurrentInstance,
  getCurrentScope,
  onMounted,
  onScopeDispose,
  readonly,
  shallowRef,
  type Ref,
} from 'vue'

/** The snapshot of a session as a ref. Call it in `setup`. */
export function useSession(session: Session): Readonly<Ref<SessionSnapshot>> {
  // A server, and the browser until hydration has ended, show the same.
  const snapshot = shallowRef(session.getServerSnapshot())
  const show = () => {
    snapshot.value = session.getSnapshot()
  }
  let unsubscribe: (() => void) | undefined
  const start = () => {
    unsubscribe = session.subscribe(show)
    show()
  }
  if (getCurrentInstance()) onMounted(start)
  else start()
  if (getCurrentScope()) onScopeDispose(() => unsubscribe?.())
  return readonly(snapshot) as Readonly<Ref<SessionSnapshot>>
}
