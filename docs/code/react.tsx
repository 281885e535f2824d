import {
  OAuthProvider,
  SessionLoading,
  SignedIn,
  SignedOut,
} from 'axios-attach-oauth/react'
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { api, finish, leave, session, signIn } from './browser.js'

function Account() {
  const [name, setName] = useState('')
  useEffect(() => {
    const controller = new AbortController()
    api.get<{ name: string }>('/me', { signal: controller.signal }).then(
      ({ data }) => setName(data.name),
      () => undefined,
    )
    return () => controller.abort()
  }, [])
  return (
    <p>
      Hello {name} <button onClick={() => void leave()}>Sign out</button>
    </p>
  )
}

export function App() {
  return (
    <OAuthProvider session={session}>
      <SessionLoading>Loading</SessionLoading>
      <SignedOut>
        <button onClick={() => void signIn()}>Sign in</button>
      </SignedOut>
      <SignedIn>
        <Account />
      </SignedIn>
    </OAuthProvider>
  )
}

export async function start(root: Element): Promise<void> {
  await finish()
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
