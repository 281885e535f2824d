'use client'
import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { OAuthProvider, SessionLoading, SignedIn, SignedOut } from 'axios-attach-oauth/react'
import { webStore } from 'axios-attach-oauth/web'
import { createElement, useState, type ReactElement } from 'react'

// The server evaluates this module too: there the session stays `unknown` and reads nothing.
const api = axios.create({ baseURL: process.env.NEXT_PUBLIC_API_URL ?? '' })
const session = attachOAuth(api, webStore(), { refresh: false })

function Ask(): ReactElement {
  const [answer, setAnswer] = useState('')
  const ask = (): void => void api.get('/me').then(({ status }) => setAnswer(`the API answered ${status}`))
  return createElement('button', { onClick: ask }, answer === '' ? 'Ask' : answer)
}

export function Account(): ReactElement {
  return createElement(
    OAuthProvider,
    { session },
    createElement(SessionLoading, null, createElement('p', null, 'loading')),
    createElement(SignedIn, null, createElement('p', null, 'signed in'), createElement(Ask)),
    createElement(SignedOut, null, createElement('p', null, 'signed out')),
  )
}
