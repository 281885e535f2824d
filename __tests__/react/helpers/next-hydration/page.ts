// A page for examples/next: a Server Component that renders a Client Component with the session of the browser.
import { createElement, type ReactElement } from 'react'
import { Account } from './account'

export default function Page(): ReactElement {
  return createElement('main', null, createElement(Account))
}
