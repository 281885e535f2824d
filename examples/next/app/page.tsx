import { isOAuthError } from 'axios-attach-oauth'
import { cookies } from 'next/headers'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { apiFor, COOKIE } from '../lib/session'

async function load(cookie: string): Promise<string> {
  try {
    return JSON.stringify((await apiFor(cookie).get('/me')).data)
  } catch (error) {
    return isOAuthError(error) ? error.code : 'The API does not answer.'
  }
}

async function Account() {
  // A session reads the clock, which Next allows only while it answers a request.
  await connection()
  const cookie = (await cookies()).get(COOKIE)?.value
  if (!cookie) return <a href="/sign-in">Sign in</a>
  return (
    <>
      <p id="answer">{await load(cookie)}</p>
      <form action="/sign-out" method="post">
        <button>Sign out</button>
      </form>
    </>
  )
}

export default function Page() {
  return (
    <main>
      <h1>Next</h1>
      <Suspense fallback={<p>Loading …</p>}>
        <Account />
      </Suspense>
    </main>
  )
}
