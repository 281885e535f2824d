/** Matches only lone surrogates: with the flag `u` a surrogate pair is one code point. */
const loneSurrogate = /\p{Surrogate}/u

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Returns `key` if it can name a record: a non-empty string without lone surrogates, which UTF-8 can't encode, so that different
 * keys would share one record.
 *
 * Throws a `TypeError` that begins with `functionName`.
 *
 * @example
 * const key = checkKey('redisStore', options.key)
 */
export function checkKey(functionName: string, key: unknown): string {
  if (typeof key !== 'string' || key === '') throw new TypeError(`${functionName}: key must be a non-empty string`)
  if (loneSurrogate.test(key)) throw new TypeError(`${functionName}: key must not contain lone surrogates (ill-formed UTF-16)`)
  return key
}

/**
 * Returns `text` with line breaks and other invisible characters escaped, so that a key can't forge lines of a log.
 *
 * @example
 * printable('a\nb') // 'a\\u{a}b'
 */
export function printable(text: string): string {
  const escape = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`
  return text.replace(unprintable, escape)
}
