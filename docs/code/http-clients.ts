import type { Session } from 'axios-attach-oauth'
import { OAuthFetchError, oauthFetch } from 'axios-attach-oauth/fetch'
import { GraphQLClient } from 'graphql-request'
import ky, { type KyInstance } from 'ky'
import createClient from 'openapi-fetch'

const origin = 'https://api.example.com'

export const kyFor = (session: Session, origins = [origin]): KyInstance =>
  ky.create({
    fetch: oauthFetch(session, { origins }),
    hooks: {
      // Without this, ky tries again and hides the end of the session.
      beforeRetry: [
        ({ error }) => {
          if (error instanceof OAuthFetchError) throw error
        },
      ],
    },
  })

export const openapiFor = (session: Session, baseUrl = origin) =>
  createClient({ baseUrl, fetch: oauthFetch(session, { origins: [baseUrl] }) })

export const graphqlFor = (session: Session, api = origin): GraphQLClient =>
  new GraphQLClient(`${api}/graphql`, {
    fetch: oauthFetch(session, { origins: [api] }),
  })
