import { ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt, type ClientAuth } from 'oauth4webapi'

/**
 * How the client proves who it is (RFC 6749 §2.3, RFC 7523 §2.2). `client_secret_basic` encodes both parts as §2.3.1 asks. `private_key_jwt`
 * signs an assertion with the client's key.
 */
export type ClientAuthentication =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | { readonly method: 'private_key_jwt'; readonly key: CryptoKey; readonly kid?: string }

/** Makes what oauth4webapi calls a client authentication. Throws a `TypeError` that names the option. */
export function clientAuth(method: ClientAuthentication | undefined, secret: string | undefined): ClientAuth {
  if (typeof method === 'object' && method !== null) {
    if (method.method !== 'private_key_jwt') throw new TypeError("clientAuthentication: method must be 'private_key_jwt'")
    const { key } = method
    if (!(key instanceof CryptoKey) || key.type !== 'private' || !key.usages.includes('sign'))
      throw new TypeError('clientAuthentication: key must be a private CryptoKey that may sign, from crypto.subtle.importKey()')
    return PrivateKeyJwt(method)
  }
  const chosen = method ?? (secret === undefined ? 'none' : 'client_secret_basic')
  if (chosen === 'none') return None()
  if (chosen !== 'client_secret_basic' && chosen !== 'client_secret_post')
    throw new TypeError(
      "clientAuthentication: must be 'none', 'client_secret_basic', 'client_secret_post' or { method: 'private_key_jwt', key }",
    )
  if (typeof secret !== 'string' || secret === '') throw new TypeError(`clientSecret: ${chosen} needs it`)
  return chosen === 'client_secret_basic' ? ClientSecretBasic(secret) : ClientSecretPost(secret)
}
