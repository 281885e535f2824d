import { OAuthError } from '../errors.js'
import type { TokenJSON } from '../types.js'
import { createCipher, EncryptionError, isEncrypted, type EncryptionOptions, type RecordLocation } from './encryption.js'

/** Converts token JSON to the stored text, and back. */
export interface TokenCodec {
  encode(tokens: TokenJSON): Promise<string>
  /** Rejects with `OAUTH_STORE_FAILED` when the text is not a token record. The message never quotes the text. */
  decode(text: string): Promise<TokenJSON>
}

/** Creates the codec of one record. `name`: the store's name in errors. `owner`: the function that a `TypeError` names. */
export function createTokenCodec(
  name: string,
  location: RecordLocation,
  owner: string,
  encryption: EncryptionOptions | undefined,
): TokenCodec {
  const cipher = encryption && createCipher(encryption, location, owner)
  const unusable = (what: string): OAuthError =>
    new OAuthError('OAUTH_STORE_FAILED', `The record of the token store (${name}) ${what}. The record was left unchanged.`)

  function parse(text: string): TokenJSON {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      // The parser's own error quotes the text, which may hold tokens.
      throw unusable('is not valid JSON')
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unusable('is not a JSON object')
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
        if (isEncrypted(json)) throw unusable('is encrypted: pass the option encryption')
        return json
      }
      if (cipher.allowPlaintext && !isEncrypted(json)) return json
      try {
        return parse(await cipher.decrypt(json))
      } catch (error) {
        if (!(error instanceof EncryptionError)) throw error
        const hint = isEncrypted(json) ? '' : ': pass encryption.allowPlaintext to read such records'
        throw unusable(`${error.message}${hint}`)
      }
    },
  }
}
