import { defineConfig } from 'vitest/config'

/** The environments of browsers that Vitest has, with the address of the API as that of the page. */
const environments = {
  jsdom: { jsdom: { url: 'https://api.example.com/' } },
  'happy-dom': { happyDOM: { url: 'https://api.example.com/' } },
}

export default defineConfig({
  test: {
    projects: Object.entries(environments).map(([environment, environmentOptions]) => ({
      test: { name: environment, environment, environmentOptions, include: ['*.test.mjs'] },
    })),
  },
})
