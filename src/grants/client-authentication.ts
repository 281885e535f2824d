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
  if (typeof method === 'object') {
    if (method.method !== 'private_key_jwt') throw new TypeError("clientAuthentication: method must be 'private_key_jwt'")
    if (!(method.key instanceof CryptoKey) || method.key.type !== 'private')
      throw new TypeError('clientAuthentication: key must be a private CryptoKey, from crypto.subtle.importKey()')
    return PrivateKeyJwt(method.kid === undefined ? method.key : { key: method.key, kid: method.kid })
  }
  const chosen = method ?? (secret === undefined ? 'none' : 'client_secret_basic')
  if (chosen === 'none') return None()
  if (typeof secret !== 'string' || secret === '') throw new TypeError(`clientSecret: ${chosen} needs it`)
  if (chosen === 'client_secret_basic') return ClientSecretBasic(secret)
  if (chosen === 'client_secret_post') return ClientSecretPost(secret)
  throw new TypeError(
    "clientAuthentication: must be 'none', 'client_secret_basic', 'client_secret_post' or { method: 'private_key_jwt', key }",
  )
}
