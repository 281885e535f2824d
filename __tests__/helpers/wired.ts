import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
} from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import { memoryStore, type AttachedSession, type AttachOptions, type TokenJSON, type TokenStore } from '../../src/index.js'
import { FakeEnvironment } from './fake-environment.js'

export type Answer = Partial<Pick<AxiosResponse, 'status' | 'data' | 'headers'>>

/** Answers a sending, the first one being number 1; what it throws is what the adapter rejects with. */
export type Wire = (config: InternalAxiosRequestConfig, sending: number) => Answer | Promise<Answer>

export interface Sent {
  url: string | undefined
  authorization: unknown
  contentType: unknown
  data: unknown
  timeout: number | undefined
}

export interface WireClient {
  api: AxiosInstance
  session: AttachedSession
  environment: FakeEnvironment
  /** What arrived at the adapter. */
  sent: Sent[]
  refreshes: () => number
}

/** Takes the second token, and refuses everything else. */
export const refusing: Wire = ({ headers }) => ({ status: headers.get('Authorization') === 'Bearer new' ? 200 : 401 })

/** As axios' own adapters settle. */
function settled(answer: AxiosResponse): AxiosResponse {
  const { config, status } = answer
  if (!config.validateStatus || config.validateStatus(status)) return answer
  throw new AxiosError(`Request failed with status code ${status}`, AxiosError.ERR_BAD_REQUEST, config, null, answer)
}

/** An instance on a wire that the test holds, in a world whose time stands still, attached with a token that the usual wire refuses. */
export function wired(
  options: Partial<AttachOptions> & {
    wire?: Wire
    defaults?: CreateAxiosDefaults
    tokens?: TokenJSON | undefined
    store?: TokenStore
    hold?: Promise<unknown>
    before?: (api: AxiosInstance) => unknown
  } = {},
): WireClient {
  const {
    wire = refusing,
    defaults,
    tokens = { access_token: 'old', refresh_token: 'r' },
    hold,
    before,
    store,
    ...rest
  } = options
  const environment = new FakeEnvironment()
  const sent: Sent[] = []
  let calls = 0
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      const { url, data, timeout, headers } = config
      sent.push({ url, data, timeout, authorization: headers.get('Authorization'), contentType: headers.get('Content-Type') })
      const answer = await wire(config, sent.length)
      return settled({ status: 200, statusText: '', data: '', headers: {}, config, ...answer })
    },
    ...defaults,
  })
  before?.(api)
  const refresh = async (): Promise<{ access_token: string }> => {
    calls++
    await hold
    return { access_token: 'new' }
  }
  const kept = store ?? memoryStore('tokens' in options ? options.tokens : tokens)
  const session = attachIn(environment, api, kept, { refresh, ...rest })
  return { api, session, environment, sent, refreshes: () => calls }
}
