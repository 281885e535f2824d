import { isSignInError } from 'axios-attach-oauth/sign-in'
import { SessionLoading, SignedIn, SignedOut, useOAuthSession } from 'axios-attach-oauth/react'
import { use, useState } from 'react'
import { leave, signIn, signInProblem } from './auth'
import { Notes } from './Notes'
import { Sensors } from './Sensors'
import { Upload } from './Upload'

function messageOf(problem: unknown): string {
  if (isSignInError(problem)) return problem.userMessage
  return problem instanceof Error ? problem.message : ''
}

function Welcome({ reason, problem }: { reason: string; problem: unknown }) {
  const [failure, setFailure] = useState<unknown>()
  const notice =
    messageOf(failure ?? problem) ||
    (reason === 'empty' || reason === 'requested' ? '' : 'Your session has ended. Please sign in again.')
  return (
    <main className="centre card">
      <h1>Greenhouse</h1>
      <p>Six sensors, notes and photos, behind an access token that lives for a minute.</p>
      <p role="alert" className="notice">
        {notice}
      </p>
      <button type="button" className="primary" onClick={() => void signIn().catch(setFailure)}>
        {reason === 'empty' ? 'Sign in' : 'Sign in again'}
      </button>
    </main>
  )
}

function RefreshLight() {
  const refreshing = useOAuthSession((snapshot) => snapshot.refreshing)
  return <span className={refreshing ? 'light on' : 'light'} title={refreshing ? 'Refreshing the token' : 'Token in use'} />
}

export function App() {
  const problem = use(signInProblem)
  return (
    <>
      <SessionLoading>
        {(state) => (
          <p className="centre">
            {state.status === 'unavailable' ? `Stored session unavailable: ${state.error.message}` : 'Loading …'}
          </p>
        )}
      </SessionLoading>
      <SignedOut>{({ reason }) => <Welcome reason={reason} problem={problem} />}</SignedOut>
      <SignedIn>
        <header>
          <h1>Greenhouse</h1>
          <RefreshLight />
          <button type="button" onClick={() => void leave()}>
            Sign out
          </button>
        </header>
        <main className="board">
          <Sensors />
          <Notes />
          <Upload />
        </main>
      </SignedIn>
    </>
  )
}
