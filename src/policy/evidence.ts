import { attempt } from '../attempt.js'
import { statusInText } from './patterns.js'

/** The parts of an error that describe the failure, wherever an HTTP client, an SDK or a server puts them. */
export interface Evidence {
  status?: number | undefined
  headers: Record<string, string>
  body?: unknown
  /** Error codes and names of error classes, unchanged. */
  readonly codes: string[]
  /** Descriptions, one text for each object. */
  readonly texts: string[]
  /** The first `error` member that has the form of an OAuth error code. */
  error?: string
  networkCode?: string
}

// Parts of member names, because servers and clients spell them differently.
const nestedMember = /resp|data|body|payload|err|cause|detail|result/i
const textMember =
  /err|exc|code|msg|message|desc|detail|type|kind|reason|status|title|field|resource|name|fault|summary|info|^value$/i
/** An address, such as `error_uri`, names a page and not the failure. */
const addressMember = /ur[il]$/i

/** Members in which clients describe the request, which says nothing about the failure. */
const requestMember = /^(config|req|op|param|var|headers)/
/** HTML, with the text before its first tag. Text with JSON before is none. */
const html = /^([^[{<]*)<([^]*<)?(!doctype html|html|body|h\d|p|div|script)\b[^]*/i
/** The input as V8 quotes it, shortened, in the message of a `SyntaxError`. */
const quotedInput = /^(?![[{])([^"]*)"[^]*is not valid json(?! web)/i
const MAX_NODES = 64
const MAX_TEXT = 1000

/** Leaves out what a page, or text that is no JSON, says: it may come from an intermediary. */
function clean(text: string): string {
  return text.replace(html, '$1').replace(quotedInput, '$1')
}

/** The start and the end of the JSON in a text. */
function spanOfJSON(text: string): readonly [start: number, end: number] {
  return [text.search(/[[{]/), Math.max(text.lastIndexOf(']'), text.lastIndexOf('}')) + 1]
}

/** Parses JSON, even inside other text such as a message, or a form. Returns other text unchanged. */
export function parseText(text: string): unknown {
  const [start, end] = spanOfJSON(text)
  try {
    return JSON.parse(start >= 0 && start < end ? text.slice(start, end) : text) as unknown
  } catch {
    return /^\w+=[^\s<]*$/.test(text) ? Object.fromEntries(new URLSearchParams(text)) : text
  }
}

/** Adds the JSON inside a text, or a form, to `queue`. Returns the rest: some members of the JSON may describe the request. */
function takeJSON(text: string, queue: unknown[]): string {
  const parsed = parseText(text)
  if (typeof parsed === 'string') return parsed
  queue.push(parsed)
  const [start, end] = spanOfJSON(text)
  return start < 0 ? text : `${text.slice(0, start)} ${text.slice(end)}`
}

function toStatus(value: unknown): number | undefined {
  const status = Number(value)
  return status >= 100 && status < 600 ? status : undefined
}

/** Copies the headers of a fetch `Response`, of axios, or of a plain object. */
function copyHeaders(headers: object): Record<string, string> {
  const entries = Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers)
  return Object.fromEntries([...entries].map(([name, value]) => [name.toLowerCase(), String(value ?? '')]))
}

/** True for objects and arrays as JSON creates them, of any realm. */
const isPlain = (value: object): boolean => /^(Object|Array)$/.test(value.constructor?.name)

/** Reads one object. Adds nested values that may hold more evidence to `queue`. */
function readNode(node: Record<string, unknown>, found: Evidence, queue: unknown[]): void {
  const texts: unknown[] = []
  // Includes inherited and non-enumerable members: some clients define the answer that way.
  const names = new Set<string>()
  for (let level = node; level && level !== Object.prototype; level = Object.getPrototypeOf(level) as typeof node)
    for (const name of Object.getOwnPropertyNames(level)) names.add(name)
  for (const name of names) {
    const given = attempt(() => node[name])
    if (!given || addressMember.test(name)) continue
    const isTextMember = textMember.test(name)
    const text = typeof given === 'string' && clean(given)
    const value = text === false ? given : isTextMember ? takeJSON(text, queue) : text
    const isText = typeof value === 'string'
    if (name === 'headers') found.headers = copyHeaders(value)
    if (/^retry.?after$/i.test(name)) found.headers['retry-after'] ??= String(value)
    if (/^(http)?_?status_?(code)?$/i.test(name)) found.status ??= toStatus(value)
    if (/^(data|body)$/.test(name) && !('bodyUsed' in node)) found.body ??= isText ? parseText(given as string) : given
    const isNested = !isText && isPlain(value) && !requestMember.test(name)
    if (isNested || (nestedMember.test(name) && !(isText && /^error$/i.test(name)))) queue.push(value)
    if (!isTextMember || !(isText || typeof value === 'number')) continue
    texts.push(value)
    if (!isText || !/^[\w./#:-]{1,64}$/.test(value)) continue
    found.codes.push(value)
    if (name === 'error') found.error ??= value
    if (name === 'code' && node.stack && /^(?!OAUTH_)[A-Z][A-Z0-9_]+$/.test(value)) found.networkCode = value
  }
  // No phrase goes across two members.
  found.texts.push(texts.join(' | ').slice(0, MAX_TEXT))
  // The code in a body counts only if there is no other status.
  if (Number(node.code) >= 400) found.status ??= toStatus(node.code)
}

/** Collects the evidence in an error of axios, fetch, an OAuth library or an identity SDK, or in a thrown JSON body. */
export function collectEvidence(error: unknown): Evidence {
  const found: Evidence = { headers: {}, codes: [], texts: [] }
  const queue = [error]
  attempt(() => {
    for (const item of queue) {
      const node = typeof item === 'string' ? { message: item } : item
      if (Array.isArray(node)) queue.push(...(node as unknown[]).slice(0, MAX_NODES))
      else if (typeof node === 'object' && node && !ArrayBuffer.isView(node))
        readNode(node as Record<string, unknown>, found, queue)
      queue.splice(MAX_NODES)
    }
  })
  found.status ??= toStatus(statusInText.exec(found.texts.join())?.[1])
  return found
}
