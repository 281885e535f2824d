import { checkedElsewhere, checkOptions, flag } from '../check-options.js'

/** How the stored record is encrypted. */
export interface EncryptionOptions {
  /**
   * The keys by id. Each is 32 bytes: a `Uint8Array`, base64 text, or a `CryptoKey` for AES-GCM with the usages `encrypt` and
   * `decrypt`. Keep an old key as long as records encrypted with it exist.
   */
  readonly keys: Readonly<Record<string, Uint8Array | CryptoKey | string>>
  /** The id of the key that encrypts new records. */
  readonly current: string
  /** Also reads unencrypted records, which the next save encrypts. Default: `false`. */
  readonly allowPlaintext?: boolean | undefined
  /**
   * `true`: refuses encrypted records of release 0.1, which are bound only to the record's key and not to its table, database or
   * prefix. `false`: reads them, and the next save binds them. Set to `true` when this release has saved all records. Default:
   * `false`.
   */
  readonly requireBinding?: boolean | undefined
}

/** The location of a record. An encrypted record is bound to its location: a copy elsewhere can't be decrypted. */
export interface RecordLocation {
  /** Kind of store, table or database and prefix, key. Called at each use, because a client may change its database. */
  readonly bound: () => readonly (string | number)[]
  /** The only part to which records of release 0.1 are bound. */
  readonly key: string
}

/** An encrypted record as it is stored, as JSON: AES-256-GCM, with base64url values. Release 0.1 wrote no `v`. */
interface EncryptedRecord {
  readonly v?: typeof VERSION
  readonly alg: 'A256GCM'
  readonly kid: string
  readonly iv: string
  readonly ciphertext: string
}

/** Encrypts and decrypts the texts of one location. Rejects with `EncryptionError`. */
export interface Cipher {
  readonly allowPlaintext: boolean
  encrypt(text: string): Promise<string>
  decrypt(record: unknown): Promise<string>
}

/** The reason why a record can't be decrypted. The message continues "The record …". */
export class EncryptionError extends Error {}

const VERSION = 2
const NONCE_BYTES = 12
const KEY_BYTES = 32

function toBase64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Decodes base64 or base64url; `undefined` for any other text. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.trim().replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

function isCryptoKey(key: unknown): key is CryptoKey {
  return typeof key === 'object' && key !== null && 'algorithm' in key && 'usages' in key
}

/** Checks a key, and imports it at the first use, because importing is asynchronous. */
function readKey(id: string, key: unknown, owner: string): () => Promise<CryptoKey> {
  const wrong = (what: string): TypeError => new TypeError(`${owner}: encryption.keys['${id}'] ${what}`)
  if (isCryptoKey(key)) {
    const { name, length } = key.algorithm as AesKeyAlgorithm
    if (name !== 'AES-GCM' || length !== KEY_BYTES * 8 || !key.usages.includes('encrypt') || !key.usages.includes('decrypt'))
      throw wrong('must be a key for AES-GCM with 256 bits and the usages encrypt and decrypt')
    return () => Promise.resolve(key)
  }
  const bytes =
    typeof key === 'string' ? fromBase64(key) : ArrayBuffer.isView(key) ? new Uint8Array(key as Uint8Array) : undefined
  if (bytes?.length !== KEY_BYTES) throw wrong(`must be ${KEY_BYTES} bytes: a Uint8Array, base64 text, or a CryptoKey`)
  let imported: Promise<CryptoKey> | undefined
  return () => (imported ??= globalThis.crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']))
}

/** Returns whether `value` has the shape of an encrypted record. */
export function isEncrypted(value: unknown): value is EncryptedRecord {
  return typeof value === 'object' && value !== null && 'ciphertext' in value && 'kid' in value && 'iv' in value
}

/** Names a key for a message. The `kid` of a stored record is foreign text, so only a plain id is included. */
const describeKey = (kid: unknown): string =>
  typeof kid === 'string' && /^[\w.:-]{1,64}$/.test(kid) ? `the key '${kid}'` : 'a key'

const rules = { keys: checkedElsewhere, current: checkedElsewhere, allowPlaintext: flag, requireBinding: flag }

function checkEncryption(options: EncryptionOptions, owner: string): void {
  if (typeof options !== 'object' || options === null || typeof options.keys !== 'object' || options.keys === null)
    throw new TypeError(`${owner}: encryption must be like { keys: { [id]: key }, current: id }`)
  checkOptions(`${owner}: encryption.`, options, rules)
}

/**
 * Makes an AES-256-GCM cipher with WebCrypto and a new nonce for each text. The location is authenticated with the text, so a
 * record copied to another location is refused. Throws a `TypeError` that begins with `owner` and names the option.
 */
export function createCipher(options: EncryptionOptions, location: RecordLocation, owner: string): Cipher {
  checkEncryption(options, owner)
  const { current, allowPlaintext = false, requireBinding = false } = options
  const keys = new Map(Object.entries(options.keys).map(([id, key]) => [id, readKey(id, key, owner)]))
  const currentKey = keys.get(current)
  if (!currentKey) throw new TypeError(`${owner}: encryption.current must be the id of one of encryption.keys`)

  const parameters = (kid: string, iv: Uint8Array<ArrayBuffer>, isBound: boolean): AesGcmParams => {
    const bound = isBound ? ['axios-attach-oauth', VERSION, kid, ...location.bound()] : ['axios-attach-oauth', kid, location.key]
    return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(JSON.stringify(bound)) }
  }

  return {
    allowPlaintext,
    async encrypt(text) {
      const iv = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const bytes = new TextEncoder().encode(text)
      const ciphertext = await globalThis.crypto.subtle.encrypt(parameters(current, iv, true), await currentKey(), bytes)
      const record: EncryptedRecord = {
        v: VERSION,
        alg: 'A256GCM',
        kid: current,
        iv: toBase64url(iv),
        ciphertext: toBase64url(new Uint8Array(ciphertext)),
      }
      return JSON.stringify(record)
    },
    async decrypt(record) {
      if (!isEncrypted(record)) throw new EncryptionError('is not encrypted')
      const { v, alg, kid } = record
      const isBound = v !== undefined
      if (isBound && v !== VERSION) throw new EncryptionError('has a version that this release does not know')
      if (!isBound && requireBinding)
        throw new EncryptionError('has the form of release 0.1, which encryption.requireBinding refuses')
      const key = keys.get(kid)
      if (!key) throw new EncryptionError(`is encrypted with ${describeKey(kid)}, which is not among encryption.keys`)
      const refused = `could not be decrypted with ${describeKey(kid)}: the record was changed or copied from elsewhere, or the key is a different one`
      const iv = fromBase64(String(record.iv))
      const ciphertext = fromBase64(String(record.ciphertext))
      if (alg !== 'A256GCM' || iv?.length !== NONCE_BYTES || !ciphertext) throw new EncryptionError(refused)
      const plain = await globalThis.crypto.subtle.decrypt(parameters(kid, iv, isBound), await key(), ciphertext).catch(() => {
        throw new EncryptionError(refused)
      })
      return new TextDecoder().decode(plain)
    },
  }
}
