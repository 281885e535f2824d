/** How the stored record is encrypted. */
export interface EncryptionOptions {
  /**
   * The keys by their ids. Each is 32 bytes: a `Uint8Array`, their base64 text, or a `CryptoKey` for AES-GCM with the usages `encrypt` and
   * `decrypt`. Old keys stay here as long as there are records that were written with them.
   */
  readonly keys: Readonly<Record<string, Uint8Array | CryptoKey | string>>
  /** The id of the key that encrypts what is written from now on. */
  readonly current: string
  /** Also reads records that are not encrypted yet; they are encrypted when they are next written. Default: `false`. */
  readonly allowPlaintext?: boolean
}

/** A record that was encrypted, as JSON: AES-256-GCM, with base64url values. */
interface Sealed {
  readonly alg: 'A256GCM'
  readonly kid: string
  readonly iv: string
  readonly ciphertext: string
}

/** Encrypts and decrypts the texts of one place. What is wrong is said by an `EncryptionError`. */
export interface Cipher {
  readonly allowPlaintext: boolean
  encrypt(text: string): Promise<string>
  decrypt(sealed: unknown): Promise<string>
}

/** Why a record can't be decrypted, in words that go on after "The record …". */
export class EncryptionError extends Error {}

const NONCE_BYTES = 12
const KEY_BYTES = 32

function toBase64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Reads base64 and base64url; `undefined` when it is neither. */
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

/** Checks a key at once; its import, which takes a turn, happens at the first use. */
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

/** Is this what `encrypt` makes? */
export function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null && 'ciphertext' in value && 'kid' in value && 'iv' in value
}

/**
 * AES-256-GCM through WebCrypto, with a fresh nonce for each text. `place` is authenticated with it: a record that was moved to another place
 * is refused. Throws a `TypeError` which begins with `owner` and names the option.
 */
export function createCipher(options: EncryptionOptions, place: string, owner: string): Cipher {
  if (typeof options !== 'object' || options === null || typeof options.keys !== 'object' || options.keys === null)
    throw new TypeError(`${owner}: encryption must be like { keys: { [id]: key }, current: id }`)
  const { current, allowPlaintext = false } = options
  const keys = new Map(Object.entries(options.keys).map(([id, key]) => [id, readKey(id, key, owner)]))
  const currentKey = keys.get(current)
  if (!currentKey) throw new TypeError(`${owner}: encryption.current must be the id of one of encryption.keys`)

  const parameters = (kid: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams => ({
    name: 'AES-GCM',
    iv,
    additionalData: new TextEncoder().encode(JSON.stringify(['axios-attach-oauth', kid, place])),
  })

  return {
    allowPlaintext,
    async encrypt(text) {
      const iv = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const bytes = new TextEncoder().encode(text)
      const sealed = await globalThis.crypto.subtle.encrypt(parameters(current, iv), await currentKey(), bytes)
      const record: Sealed = {
        alg: 'A256GCM',
        kid: current,
        iv: toBase64url(iv),
        ciphertext: toBase64url(new Uint8Array(sealed)),
      }
      return JSON.stringify(record)
    },
    async decrypt(record) {
      if (!isSealed(record)) throw new EncryptionError('is not encrypted')
      const key = keys.get(record.kid)
      if (!key) throw new EncryptionError(`is encrypted with the key '${String(record.kid)}', which is not among encryption.keys`)
      const iv = fromBase64(String(record.iv))
      const ciphertext = fromBase64(String(record.ciphertext))
      const refused = `could not be decrypted with the key '${record.kid}': it was changed, belongs to another key of the store, or the key is another one`
      if (record.alg !== 'A256GCM' || iv?.length !== NONCE_BYTES || !ciphertext) throw new EncryptionError(refused)
      const plain = await globalThis.crypto.subtle.decrypt(parameters(record.kid, iv), await key(), ciphertext).catch(() => {
        throw new EncryptionError(refused)
      })
      return new TextDecoder().decode(plain)
    },
  }
}
