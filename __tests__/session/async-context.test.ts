import { jest } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { memoryStore } from '../../src/stores/memory.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { startSession } from '../helpers/session.js'

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
