import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
} from 'node:crypto'

/** Read when it is needed: a build has no secrets. */
function key(): Buffer {
  const { COOKIE_SECRET = '' } = process.env
  if (COOKIE_SECRET.length < 32)
    throw new Error('COOKIE_SECRET must have at least 32 characters')
  return createHash('sha256').update(COOKIE_SECRET).digest()
}

/** Encrypts a value for a cookie (AES-256-GCM). */
export function seal(value: unknown): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key(), iv)
  const body = Buffer.concat([
    cipher.update(JSON.stringify(value), 'utf8'),
    cipher.final(),
  ])
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
}

/**
 * The sealed value, or `undefined` for a cookie that this application did not
 * write.
 */
export function unseal<Value>(sealed: string | undefined): Value | undefined {
  if (!sealed) return undefined
  try {
    const bytes = Buffer.from(sealed, 'base64url')
    const decipher = createDecipheriv(
      'aes-256-gcm',
      key(),
      bytes.subarray(0, 12),
    ).setAuthTag(bytes.subarray(12, 28))
    return JSON.parse(
      Buffer.concat([
        decipher.update(bytes.subarray(28)),
        decipher.final(),
      ]).toString(),
    ) as Value
  } catch {
    return undefined
  }
}
