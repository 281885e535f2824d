/** A century in milliseconds. Some servers send a lifetime that ends later than a date can express. */
const CENTURY = 36_525 * 86_400_000

/** From this value on, a number is in milliseconds: in seconds it would lie beyond the year 5138. */
const FIRST_MILLISECONDS = 1e11

/** The last second of the year 9999: no ISO 8601 text with a four-digit year is later. */
const LAST_TIME = 253_402_300_799_000

/** Below this lifetime, in milliseconds, a fraction of a second matters. */
const SHORT_LIFETIME = 60_000

/** Date, hours, minutes, seconds, fraction, offset; also without hyphens and colons. Text without an offset is UTC. */
const iso = /^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d):?(\d\d)?(?:[.,](\d+))?\s*(?:([+-]\d\d):?(\d\d)?)?/i

/** True for a `Date` of any realm. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return Number.isFinite(number) ? (number as number) : undefined
}

/** Parses a lifetime in seconds. Returns milliseconds, or `undefined` when `value` is not a lifetime. */
export function toDuration(value: unknown): number | undefined {
  const seconds = toNumber(value)
  return seconds !== undefined && seconds >= 0 ? Math.min(seconds * 1000, CENTURY) : undefined
}

/** True for a number of seconds from now, which as an absolute time would lie before September 2001. */
export function isRelative(value: unknown): boolean {
  const number = toNumber(value) ?? 0
  return number > 0 && number < 1e9
}

function parseText(text: string): number {
  const match = iso.exec(text)
  // `Date.parse` reads text without a zone as local time.
  if (!match) return Date.parse(/\b(Z|GMT|UTC)\b|[+-]\d\d:?\d\d$/i.test(text) ? text : `${text} UTC`)
  const [, year, month, day, hour, minute, second = '00', fraction = '', offset = '+00', minutes = '00'] = match
  const ms = `${fraction}000`.slice(0, 3)
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}${offset}:${minutes}`)
}

/**
 * Parses an absolute time: epoch seconds, epoch milliseconds, text with either, a date as text, or a `Date`. Returns epoch
 * milliseconds, or `undefined` when the time is unknown. In many programs zero or an earlier time means unknown.
 */
export function toTime(value: unknown): number | undefined {
  const number = toNumber(value)
  let time = NaN
  if (number !== undefined) time = number < FIRST_MILLISECONDS ? number * 1000 : number
  else if (typeof value === 'string') time = parseText(value.trim())
  else if (isDate(value)) time = value.getTime()
  return time > 0 ? Math.min(time, LAST_TIME) : undefined
}

/** Writes a time in the format of ISO 8601 text. The zone becomes UTC; a zone that has a name, such as [Europe/Paris], too. */
function formatISO(time: number, like: string): string {
  const text = new Date(time).toISOString()
  const digits = text.replace(/\D/g, '')
  let index = 0
  // The offset becomes +00:00; every other digit is replaced in its place. `Date` does not read an offset of hours alone.
  const written = like
    .replace(/\[.*/, '[UTC]')
    .replace(/[+-]\d\d(:?\d\d)?(?= \w+$|\[|$)|\d/g, (part, minutes: string | undefined = ':00') =>
      part.length > 1 ? `+00${minutes.replace(/\d/g, '0')}` : (digits[index++] ?? '0'),
    )
  // Text in another format than it seemed to have; a minute may be all that it tells.
  return Math.abs(Number(toTime(written)) - time) < 60_000 ? written : text
}

/** Writes a time in the format of `like`, so that other programs can still read the record. */
export function formatTime(time: number, like: unknown, lifetime: number): unknown {
  if (isDate(like)) return new Date(time)
  const number = toNumber(like)
  const isText = typeof like === 'string'
  if (isText && iso.test(like)) return formatISO(time, like)
  if (isText && number === undefined && toTime(like)) return new Date(time).toUTCString()
  let value = time / 1000
  if (number !== undefined && number >= FIRST_MILLISECONDS) value = time
  else if (isText || lifetime >= SHORT_LIFETIME) value = Math.floor(value)
  return isText ? String(value) : value
}
