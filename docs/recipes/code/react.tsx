import { isOAuthError } from 'axios-attach-oauth'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { api, session } from './auth.js'

/** Increases when another user signs in. */
let userNumber = 0
session.on('user_changed', () => userNumber++)

function subscribe(listener: () => void): () => void {
  const stop = session.subscribe(listener)
  const stopEvents = session.on('user_changed', listener)
  return () => {
    stop()
    stopEvents()
  }
}
const getUser = () =>
  session.getSnapshot().status === 'signed_in' ? userNumber : undefined

interface Result<Data> {
  data?: Data
  message?: string
}

/** The data of a GET request, for the user who is signed in. */
export function useApi<Data>(path: string): Result<Data> {
  const user = useSyncExternalStore(subscribe, getUser, () => undefined)
  const [last, setLast] = useState<Result<Data> & { of?: string }>({})
  const of = `${user} ${path}`

  useEffect(() => {
    if (user === undefined) return undefined
    const controller = new AbortController()
    api.get<Data>(path, { signal: controller.signal }).then(
      ({ data }) => setLast({ of, data }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        const mayRetry = isOAuthError(error) && error.retryable
        const message = mayRetry
          ? 'Please try again in a moment.'
          : 'This can’t be loaded.'
        setLast({ of, message })
      },
    )
    return () => controller.abort()
  }, [path, user, of])
  // A result for another user or path is not shown, not even once.
  return last.of === of ? last : {}
}

export function Profile() {
  const { data, message } = useApi<{ name: string }>('/me')
  if (message) return <p role="alert">{message}</p>
  return <p>{data ? `Hello ${data.name}` : 'Loading'}</p>
}
