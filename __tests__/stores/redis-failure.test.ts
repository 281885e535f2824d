import { redisFailure } from '../../src/stores/redis/failure.js'

it.each([
  'NOPERM User made-up has no permissions to run the set command',
  "ERR The user executing the script can't run this command or subcommand script: made-up, on @user_script:1.",
])('a missing right names what the user needs: %s', (message) => {
  const error = redisFailure('redis made-up', 'locked', new Error(message))
  expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('it needs EVALSHA') })
})
