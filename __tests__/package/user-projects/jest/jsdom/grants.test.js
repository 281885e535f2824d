test('the grants can be required where jsdom has no TextEncoder and no fetch', () => {
  const { refreshToken } = require('axios-attach-oauth/grants')
  const options = { tokenEndpoint: 'https://login.example.com/token', clientId: 'app' }
  expect(refreshToken(options)).toBeInstanceOf(Function)
  expect(require('axios-attach-oauth/refresh-token').refreshToken(options)).toBeInstanceOf(Function)
})
