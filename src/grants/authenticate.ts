import { PrivateKeyJwt as signedAssertion, type ClientAuth } from 'oauth4webapi'
import type {
  ClientAssertion,
  ClientAuthentication,
  ClientSecretBasic,
  PrivateKeyJwt,
  Provided,
} from './client-authentication.js'
import { provide } from './provided.js'
import { TokenEndpointError } from './token-endpoint-error.js'
import { wrongOption } from './wrong-option.js'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const FORMS =
  "'none', 'client_secret_basic', 'client_secret_post', or an object with the method 'client_secret_basic', 'private_key_jwt' or 'client_assertion'"

/** A checked client authentication. */
export interface Authentication {
  readonly authenticate: ClientAuth
  /** A likely cause of `invalid_client`, as a sentence. */
  readonly advice?: string
}

type Method = 'none' | 'client_secret_post' | ClientSecretBasic | PrivateKeyJwt | ClientAssertion

const members: Record<string, readonly string[]> = {
  client_secret_basic: ['method', 'encoding', 'clientIdInBody'],
  private_key_jwt: ['method', 'key', 'kid'],
  client_assertion: ['method', 'assertion', 'type'],
}

function readMethod(name: string, given: ClientAuthentication | null | undefined, secret: unknown): Method {
  const chosen = given ?? (secret === undefined ? 'none' : 'client_secret_basic')
  if (typeof chosen !== 'object') {
    if (chosen === 'client_secret_basic') return { method: chosen }
    if (chosen === 'none' || chosen === 'client_secret_post') return chosen
    throw wrongOption(`${name}: clientAuthentication must be ${FORMS}`)
  }
  const known = Object.hasOwn(members, chosen.method) ? members[chosen.method] : undefined
  if (!known) throw wrongOption(`${name}: clientAuthentication must be ${FORMS}`)
  for (const member of Object.keys(chosen))
    if (!known.includes(member))
      throw wrongOption(`${name}: clientAuthentication has an unknown member '${member}'; known are ${known.join(', ')}`)
  return chosen
}

/** Makes a client authentication for oauth4webapi. Throws a `TypeError` that names the invalid option. */
export function readAuthentication(
  name: string,
  clientId: string,
  given: ClientAuthentication | null | undefined,
  secret: Provided<string> | undefined,
): Authentication {
  const method = readMethod(name, given, secret)
  if (method === 'none') return { authenticate: (_server, { client_id }, body) => body.set('client_id', client_id) }
  if (method !== 'client_secret_post' && method.method === 'private_key_jwt') return { authenticate: signer(name, method) }
  if (method !== 'client_secret_post' && method.method === 'client_assertion') return { authenticate: asserter(name, method) }
  // An empty secret usually means an unset environment variable.
  if (secret === '' && (given ?? undefined) === undefined)
    throw wrongOption(`${name}: clientSecret is empty; to send an empty secret set clientAuthentication: 'client_secret_basic'`)
  if (typeof secret !== 'string' && typeof secret !== 'function')
    throw wrongOption(`${name}: clientSecret must be a string, or a function that returns one`)
  const currentSecret = (): Promise<string> =>
    provide(secret, 'clientSecret', (current) => {
      if (typeof current === 'string') return current
      throw wrongOption(`${name}: the function clientSecret must return a string`)
    })
  if (method === 'client_secret_post')
    return {
      async authenticate(_server, { client_id }, body) {
        body.set('client_id', client_id)
        body.set('client_secret', await currentSecret())
      },
    }
  return basic(name, clientId, method, currentSecret)
}

const formEncode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)
const identity = (text: string): string => text

function basic(
  name: string,
  clientId: string,
  { encoding = 'form', clientIdInBody = false }: ClientSecretBasic,
  currentSecret: () => Promise<string>,
): Authentication {
  if (encoding !== 'form' && encoding !== 'none')
    throw wrongOption(`${name}: clientAuthentication.encoding must be 'form' or 'none'`)
  if (typeof clientIdInBody !== 'boolean') throw wrongOption(`${name}: clientAuthentication.clientIdInBody must be true or false`)
  if (encoding === 'none' && clientId.includes(':'))
    throw wrongOption(`${name}: clientId must not contain a colon where clientAuthentication.encoding is 'none'`)
  const encode = encoding === 'form' ? formEncode : identity
  const other = encoding === 'form' ? "encoding: 'none' (the server may not decode them)" : "encoding: 'form'"
  return {
    async authenticate(_server, { client_id }, body, headers) {
      const bytes = new TextEncoder().encode(`${encode(client_id)}:${encode(await currentSecret())}`)
      headers.set('authorization', `Basic ${btoa(String.fromCharCode(...bytes))}`)
      if (clientIdInBody) body.set('client_id', client_id)
    },
    advice:
      `If the client's secret is right, the encoding of its Basic credentials is a likely cause: ` +
      `try clientAuthentication: { method: 'client_secret_basic', ${other} }, or 'client_secret_post'.`,
  }
}

function signer(name: string, { key: provided, kid: fixedKid }: PrivateKeyJwt): ClientAuth {
  const check = (given: unknown): { readonly key: CryptoKey; readonly kid?: string } => {
    const { key, kid = fixedKid } = (typeof given === 'object' && given !== null && 'key' in given ? given : { key: given }) as {
      key?: Partial<CryptoKey>
      kid?: unknown
    }
    if (typeof key !== 'object' || key === null || key.type !== 'private' || !key.usages?.includes('sign'))
      throw wrongOption(
        `${name}: clientAuthentication.key must be a private CryptoKey that may sign, from crypto.subtle.importKey(), or a function that returns one`,
      )
    if (kid !== undefined && typeof kid !== 'string') throw wrongOption(`${name}: clientAuthentication.kid must be a string`)
    return { key: key as CryptoKey, ...(kid !== undefined && { kid }) }
  }
  if (typeof provided !== 'function') check(provided)
  return async (...request) => {
    const key = await provide<unknown, ReturnType<typeof check>>(provided, 'clientAuthentication.key', check)
    try {
      await signedAssertion(key)(...request)
    } catch (cause) {
      const message = `${name}: clientAuthentication.key can't sign an assertion; its algorithm may not be supported`
      throw new TokenEndpointError(message, { cause, isMisconfigured: true })
    }
  }
}

function asserter(name: string, { assertion, type = JWT_BEARER }: ClientAssertion): ClientAuth {
  const check = (given: unknown): string => {
    if (typeof given === 'string' && given !== '') return given
    throw wrongOption(`${name}: clientAuthentication.assertion must be a non-empty string, or a function that returns one`)
  }
  if (typeof assertion !== 'function') check(assertion)
  if (typeof type !== 'string' || type === '') throw wrongOption(`${name}: clientAuthentication.type must be a non-empty string`)
  return async (_server, { client_id }, body) => {
    body.set('client_id', client_id)
    body.set('client_assertion_type', type)
    body.set('client_assertion', await provide(assertion, 'clientAuthentication.assertion', check))
  }
}
