import { jest } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { memoryStore } from '../../src/stores/memory.js'
import { deferred } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { startSession, type TestSession } from '../helpers/session.js'

it('a refresh runs in one async context, which has ended when the refresh has; notifications start none', async () => {
  const run = jest.spyOn(AsyncLocalStorage.prototype, 'run')
  const disable = jest.spyOn(AsyncLocalStorage.prototype, 'disable')
  const session = startSession(new FakeEnvironment(), memoryStore({ access_token: 'a1', refresh_token: 'r1' }), async () => ({
    access_token: 'a2',
    refresh_token: 'r2',
  }))
  let notifications = 0
  session.on('*', () => notifications++)
  await session.refresh()
  await session.signIn({ access_token: 'b1' })
  await settle()
  expect(notifications).toBeGreaterThan(3)
  expect([run.mock.calls.length, disable.mock.calls.length]).toEqual([1, 1])
  jest.restoreAllMocks()
})

it('a request of a refresh function is recognized while another session ends its refresh', async () => {
  const environment = new FakeEnvironment()
  const store = (name: string) => memoryStore({ access_token: name, refresh_token: `r-${name}` })
  const gate = deferred()
  const recognized: boolean[] = []
  const slow: TestSession = startSession(environment, store('a'), async () => {
    await gate.promise
    recognized.push(slow.isRefreshRequest({}))
    return { access_token: 'a2' }
  })
  const quick = startSession(environment, store('b'), async () => ({ access_token: 'b2' }))
  const refreshed = slow.refresh()
  await settle()
  await quick.refresh()
  gate.resolve()
  await refreshed
  expect(recognized).toEqual([true])
})

it('a request is recognized by a refresh function inside which another session refreshes', async () => {
  const environment = new FakeEnvironment()
  const store = (name: string) => memoryStore({ access_token: name, refresh_token: `r-${name}` })
  const recognized: boolean[] = []
  const inner: TestSession = startSession(environment, store('b'), async () => {
    await null
    recognized.push(outer.isRefreshRequest({}), inner.isRefreshRequest({}))
    return { access_token: 'b2' }
  })
  const outer: TestSession = startSession(environment, store('a'), async () => {
    await inner.refresh()
    return { access_token: 'a2' }
  })
  await outer.refresh()
  expect(recognized).toEqual([true, true])
})
