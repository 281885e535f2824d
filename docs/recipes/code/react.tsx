import { isOAuthError } from 'axios-attach-oauth'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { api, session } from './auth.js'

/** The data of a GET request, for the user who is signed in. */
export function useApi<Data>(path: string): { data?: Data; message?: string } {
  const [result, setResult] = useState<{ data?: Data; message?: string }>({})
  const snapshot = useSyncExternalStore(
    session.subscribe,
    session.getSnapshot,
    session.getServerSnapshot,
  )
  const user =
    snapshot.status === 'signed_in' ? (snapshot.user ?? 'signed in') : undefined

  useEffect(() => {
    // Data of one user is not shown to the next.
    setResult({})
    if (user === undefined) return undefined
    const controller = new AbortController()
    api.get<Data>(path, { signal: controller.signal }).then(
      ({ data }) => setResult({ data }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        const mayRetry = isOAuthError(error) && error.retryable
        setResult({
          message: mayRetry
            ? 'Please try again in a moment.'
            : 'This can’t be loaded.',
        })
      },
    )
    return () => controller.abort()
  }, [path, user])
  return result
}

export function Profile() {
  const { data, message } = useApi<{ name: string }>('/me')
  if (message) return <p role="alert">{message}</p>
  return <p>{data ? `Hello ${data.name}` : 'Loading'}</p>
}
