import { mergeConfig, type HttpStatusCode, type InternalAxiosRequestConfig } from 'axios'
import * as browser from '../src/node-only.browser.js'
import * as node from '../src/node-only.js'

describe('the replacement of the code for Node in a bundle for browsers', () => {
  it('exports the same names', () => {
    expect(Object.keys(browser).toSorted()).toEqual(Object.keys(node).toSorted())
  })

  it("gives each request its own beforeRedirect, which calls the caller's", () => {
    const { wrap, prepareTransport } = browser.redirectGuard({
      isAllowed: () => true,
      names: new Set(),
      allowInsecureHttp: false,
    })
    const called: unknown[] = []
    const callers = (options: unknown): void => void called.push(options)
    expect(wrap(callers)).not.toBe(wrap(callers))
    const redirect: [{ headers: Record<string, string>; statusCode: HttpStatusCode }, never] = [
      { headers: {}, statusCode: 302 },
      {} as never,
    ]
    wrap(callers)({ href: 'https://a.example' }, ...redirect)
    wrap(undefined)({}, ...redirect)
    expect(called).toEqual([{ href: 'https://a.example' }])
    const config = mergeConfig({}, { transport: { request: () => undefined } }) as InternalAxiosRequestConfig
    const before = { ...config }
    prepareTransport(config)
    expect(config).toEqual(before)
  })

  it('waits for a token whatever the body is', async () => {
    const token = Promise.resolve('token')
    expect(browser.whileReadable(token, { data: {} } as InternalAxiosRequestConfig)).toBe(token)
  })

  it('finds no route insecure', () => {
    const judge = browser.routeRule({ allowInsecureHttp: false, base: () => undefined })
    expect(judge({ url: 'http://api.example.com', proxy: { host: 'proxy', port: 8080 } })).toBeUndefined()
  })
})
