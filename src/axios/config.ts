import type { Session } from '../session/session.js'

/** What a request may say about its authorization. */
export interface OAuthRequestOptions {
  /** Sends the request for another session than the one that was attached: one of many users in one server process. */
  session?: Session | undefined
  /**
   * Makes the body, once for each time that the request is sent. With it a stream can be sent again: give it instead of `data`.
   *
   * @example
   * api.post('/upload', undefined, { oauth: { body: () => createReadStream('big.bin') } })
   */
  body?: (() => unknown) | undefined
}

declare module 'axios' {
  export interface AxiosRequestConfig {
    /** `false`: this request is none of the attached session's business. A session: send it on behalf of that one. */
    oauth?: false | Session | OAuthRequestOptions | undefined
  }
}
