import { isOAuthError } from 'axios-attach-oauth'
import { cookies } from 'next/headers'
import { apiFor, COOKIE } from '../lib/session'

async function load(cookie: string): Promise<string> {
  try {
    return JSON.stringify((await apiFor(cookie).get('/me')).data)
  } catch (error) {
    return isOAuthError(error) ? error.code : 'The API does not answer.'
  }
}

export default async function Page() {
  const cookie = (await cookies()).get(COOKIE)?.value
  return (
    <main>
      <h1>Next</h1>
      {cookie ? (
        <>
          <p id="answer">{await load(cookie)}</p>
          <form action="/sign-out" method="post">
            <button>Sign out</button>
          </form>
        </>
      ) : (
        <a href="/sign-in">Sign in</a>
      )}
    </main>
  )
}
