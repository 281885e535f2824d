/** A value, or a function called for each token request, which may be async: for secrets and keys that rotate. */
export type Provided<Value> = Value | (() => Value | PromiseLike<Value>)

/**
 * How the client authenticates itself (RFC 6749 §2.3, RFC 7523 §2.2): the name of a method, or an object with its details.
 */
export type ClientAuthentication =
  'none' | 'client_secret_basic' | 'client_secret_post' | ClientSecretBasic | PrivateKeyJwt | ClientAssertion

/** HTTP Basic with the client's identifier and secret (RFC 6749 §2.3.1). */
export interface ClientSecretBasic {
  readonly method: 'client_secret_basic'
  /** `form` encodes both parts as RFC 6749 §2.3.1 requires; `none` is for servers that do not decode them. Default: `form`. */
  readonly encoding?: 'form' | 'none' | undefined
  /** Also sends `client_id` in the body. Default: `false`. */
  readonly clientIdInBody?: boolean | undefined
}

/** An assertion signed with the client's key for each token request (RFC 7523 §2.2). */
export interface PrivateKeyJwt {
  readonly method: 'private_key_jwt'
  /** The private key, or a function that returns it, alone or with its `kid`. */
  readonly key: Provided<CryptoKey | { readonly key: CryptoKey; readonly kid?: string }>
  /** The identifier of the key, for the header of the assertion. Default: none. */
  readonly kid?: string | undefined
}

/** An assertion issued by another party, such as the platform of a workload (RFC 7521 §4.2). */
export interface ClientAssertion {
  readonly method: 'client_assertion'
  /** The assertion, or a function that returns it. */
  readonly assertion: Provided<string>
  /** The `client_assertion_type`. Default: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`. */
  readonly type?: string | undefined
}
