export type { ReducedCause } from '../reduce-cause.js'
export { clientCredentials } from './client-credentials.js'
export type {
  ClientAssertion,
  ClientAuthentication,
  ClientSecretBasic,
  PrivateKeyJwt,
  Provided,
} from './client-authentication.js'
export type { Fetch, FetchInit } from './fetch.js'
export type { GrantOptions } from './options.js'
export { refreshToken } from './refresh-token.js'
export type { ParameterNames } from './request-form.js'
export { TokenEndpointError, type TokenEndpointFailure } from './token-endpoint-error.js'
