import { OAuthError } from '../errors.js'
import type { TokenJSON } from '../types.js'
import { createCipher, EncryptionError, isSealed, type EncryptionOptions } from './encryption.js'

/** Turns token JSON into the text that is stored, and back. */
export interface RecordCodec {
  encode(tokens: TokenJSON): Promise<string>
  /** Rejects with `OAUTH_STORE_FAILED` when the text is no token record; its message never quotes it. */
  decode(text: string): Promise<TokenJSON>
}

/** The codec of one record. `name` is what errors call the store, `place` what an encrypted record is bound to, `owner` what a `TypeError` begins with. */
export function createCodec(name: string, place: string, owner: string, encryption: EncryptionOptions | undefined): RecordCodec {
  const cipher = encryption && createCipher(encryption, place, owner)
  const broken = (what: string): OAuthError =>
    new OAuthError('OAUTH_STORE_FAILED', `The record of the token store (${name}) ${what}. It was left as it was.`)

  /** The parser's own message quotes the text, which is full of tokens: it goes nowhere. */
  function parse(text: string): TokenJSON {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      throw broken('holds no JSON')
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw broken('holds JSON that is no object')
    return json as TokenJSON
  }

  return {
    async encode(tokens) {
      const text = JSON.stringify(tokens)
      return cipher ? cipher.encrypt(text) : text
    },
    async decode(text) {
      const json = parse(text)
      if (!cipher) {
        if (isSealed(json)) throw broken('is encrypted: pass the option encryption')
        return json
      }
      if (cipher.allowPlaintext && !isSealed(json)) return json
      try {
        return parse(await cipher.decrypt(json))
      } catch (error) {
        if (!(error instanceof EncryptionError)) throw error
        const hint = isSealed(json) ? '' : ': pass encryption.allowPlaintext to read it all the same'
        throw broken(`${error.message}${hint}`)
      }
    },
  }
}
