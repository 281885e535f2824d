import { aFunction, checkOptions } from './check-options.js'
import { brandAsSafe, OAuthError } from './errors.js'
import { readCamelCase, writeCamelCase } from './map-tokens/camel-case.js'
import { deriveStore } from './map-tokens/derive-store.js'
import type { RefreshContext, RefreshFunction, TokenJSON, TokenResponse, TokenSet, TokenStore, WriteContext } from './types.js'

/** Two functions that convert between the JSON of a server or a store and token JSON (RFC 6749 §5.1). */
export interface TokenMapping<Foreign> {
  /** Turns foreign JSON into token JSON; `undefined` for a record without tokens. May be async. */
  read(foreign: Foreign): TokenJSON | undefined | PromiseLike<TokenJSON | undefined>
  /**
   * Returns token JSON as foreign JSON, an object; `foreign` is the store's present content. Needed only for a store. May be
   * async. With any other result, nothing is written: the event `unpersisted` names the cause.
   */
  write?(tokens: TokenJSON, foreign: Foreign | undefined): Foreign | PromiseLike<Foreign>
}

/** A refresh function that resolves with JSON in another form, or with `null` when the session is over. */
export interface ForeignRefreshFunction<Foreign> {
  (tokens: TokenSet | undefined, context: RefreshContext): Foreign | null | PromiseLike<Foreign | null>
  readonly needsRefreshToken?: boolean
}

/** Runs the `read` of a mapping. A bug in it is no failure of the token endpoint. */
async function readAnswer<Foreign>({ read }: TokenMapping<Foreign>, foreign: Foreign): Promise<TokenJSON | undefined> {
  try {
    return await read(foreign)
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause
    const text = `mapTokens: read has thrown a ${cause.name} for the answer of the refresh. The tokens were kept.`
    throw new OAuthError('OAUTH_REFRESH_UNAVAILABLE', text, { cause, retryable: false })
  }
}

const rules = { read: aFunction, write: aFunction }

/** The result of `mapTokens`. */
export interface TokenMapper<Foreign> {
  /** Wraps a refresh function that resolves with JSON in another form. The function receives token JSON. */
  refresh(refresh: ForeignRefreshFunction<Foreign>): RefreshFunction
  /**
   * Wraps a store that holds JSON in another form. The result keeps the store's lock, notifications and name.
   *
   * Members beside a nested token set, such as `prefs` in `{ prefs, tokens }`, belong to the application: each write keeps them,
   * also the sign-in of another user. To replace them, pass a `mapping` whose `write` does. A sign-out deletes the whole record.
   */
  store(store: TokenStore): TokenStore
}

/**
 * Adapts token sets in another form: camelCase (`accessToken`, `refreshToken`, `idToken`, `tokenType`, `expiresIn`, `expiresAt`,
 * `expiresOn`, `scopes`), the `token` and `expiresOnTimestamp` of `@azure/identity`, also nested in `data`, `session`, `tokens`,
 * `token` or `result`. Other forms need a `mapping`. A refresh keeps other members; a sign-in keeps those beside a nested token set,
 * also if another user signs in. Throws a `TypeError` when `mapping`, the function or
 * the store is invalid.
 *
 * @example
 * // MSAL
 * attachOAuth(api, memoryStore(), { refresh: mapTokens().refresh(() => msal.acquireTokenSilent({ scopes, account })) })
 *
 * @example
 * const { refresh } = mapTokens<{ jwt: string; ttl: number }>({
 *   read: ({ jwt, ttl }) => ({ access_token: jwt, expires_in: ttl }),
 * })
 */
export function mapTokens<Foreign = unknown>(mapping?: TokenMapping<Foreign>): TokenMapper<Foreign> {
  checkOptions('mapTokens: ', mapping ?? {}, rules)
  const { read, write } = mapping ?? ({ read: readCamelCase, write: writeCamelCase } as unknown as TokenMapping<Foreign>)
  if (typeof read !== 'function') throw new TypeError('mapTokens: read must be a function')

  return {
    refresh(refresh) {
      if (typeof refresh !== 'function') throw new TypeError('mapTokens: refresh(…) needs a refresh function')
      const mapped = async (tokens: TokenSet | undefined, context: RefreshContext): Promise<TokenResponse> => {
        const foreign = await refresh(tokens, context)
        // Null and undefined have their own meaning for the session.
        return (foreign === null || foreign === undefined ? foreign : await readAnswer({ read }, foreign)) as TokenResponse
      }
      // Copies properties such as needsRefreshToken and revoke.
      return Object.assign(mapped, refresh)
    },

    store(store) {
      if (typeof store?.read !== 'function') throw new TypeError('mapTokens: store(…) needs a token store')
      if (!write) throw new TypeError('mapTokens: write must be a function to map a store')
      // A store compares `replacing` with the value that it returned itself.
      const originals = new WeakMap<TokenJSON, TokenJSON>()
      let latest: TokenJSON | undefined
      /** The record that was read last, if it holds no tokens. */
      let withoutTokens: TokenJSON | undefined
      const foreign = async (tokens: TokenJSON, like: TokenJSON | undefined): Promise<TokenJSON> => {
        const record: unknown = await write(tokens, like as Foreign | undefined)
        // A store takes undefined for a deletion.
        if (typeof record !== 'object' || !record)
          throw brandAsSafe(new TypeError('mapTokens: write must return the record, an object'))
        return record as TokenJSON
      }

      return deriveStore(store, {
        async read() {
          const stored = (await store.read()) ?? undefined
          latest = stored
          const tokens = stored && ((await read(stored as Foreign)) ?? undefined)
          withoutTokens = tokens ? undefined : stored
          if (tokens) originals.set(tokens, stored as TokenJSON)
          return tokens
        },
        async write(tokens: TokenJSON | undefined, context: WriteContext) {
          const { replacing } = context
          const original = replacing ? (originals.get(replacing) ?? (await foreign(replacing, latest))) : withoutTokens
          return store.write(tokens && (await foreign(tokens, original ?? latest)), { ...context, replacing: original })
        },
      })
    },
  }
}
