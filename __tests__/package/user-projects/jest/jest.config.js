const hasFetch = Number(require('jest/package.json').version.split('.')[0]) >= 30
/** nock 14 and msw need the fetch that jsdom leaves out. */
const jsdom = hasFetch ? 'jest-fixed-jsdom' : 'jsdom'

/** One project for each environment, as an application would have them. */
module.exports = {
  projects: [
    { displayName: 'node', testEnvironment: 'node', testMatch: ['<rootDir>/*.test.js', '<rootDir>/node/*.test.js'] },
    {
      displayName: 'jsdom',
      testEnvironment: jsdom,
      testEnvironmentOptions: { url: 'https://api.example.com/' },
      testMatch: [hasFetch ? '<rootDir>/*.test.js' : '<rootDir>/nock.test.js', '<rootDir>/jsdom/*.test.js'],
    },
  ],
}
