import { documentedEnds, documentedOverloads } from './documented-failures.js'
import { otherEnds } from './other-ends.js'
import { otherOverloads } from './other-overloads.js'
import {
  expiredAnswers,
  headers,
  otherExpiredAnswers,
  otherHeaders,
  tokenRequests,
  withEnd,
  withOverload,
} from './other-tables.js'
import type { Provider } from './provider.js'
import { otherResponses } from './other-token-responses.js'
import { documentedResponses } from './token-responses.js'

/** Providers of one kind. */
export interface Table {
  readonly title: string
  readonly providers: readonly Provider[]
}

/** The shapes in which named providers answer. */
export const documented: readonly Table[] = [
  { title: 'The session has ended', providers: documentedEnds.map(withEnd) },
  { title: 'Overload or outage that does not look like it', providers: documentedOverloads.map(withOverload) },
  { title: 'Token responses', providers: documentedResponses },
  { title: 'Token requests', providers: tokenRequests },
  { title: 'The API says "expired" in another way', providers: expiredAnswers },
  { title: 'Another header', providers: headers },
]

/** Further shapes of the same kinds. */
export const others: readonly Table[] = [
  { title: 'Other ends', providers: otherEnds.map(withEnd) },
  { title: 'Other overloads and outages', providers: otherOverloads.map(withOverload) },
  { title: 'Other token responses', providers: otherResponses },
  { title: 'Other ways to say "expired"', providers: otherExpiredAnswers },
  { title: 'Further headers', providers: otherHeaders },
]
