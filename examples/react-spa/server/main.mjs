// Starts the authorization server, the API and the page: `npm start`.
// ACCESS_TOKEN_TTL: lifetime of access tokens in seconds (60). VITE_CONFIG: another configuration file. AUTH_PORT, API_PORT: 0 for any.
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { startAPI } from './api.mjs'
import { startAuthorizationServer } from './authorization-server.mjs'

const { ACCESS_TOKEN_TTL = '60', AUTH_PORT = '4101', API_PORT = '4102', VITE_CONFIG } = process.env
let page
const allowedOrigin = () => page

const auth = await startAuthorizationServer({ port: Number(AUTH_PORT), lifetime: Number(ACCESS_TOKEN_TTL), allowedOrigin })
const api = await startAPI({ port: Number(API_PORT), findToken: auth.findToken, allowedOrigin })
process.env.VITE_ISSUER = auth.issuer
process.env.VITE_API_URL = api.apiUrl

const root = fileURLToPath(new URL('..', import.meta.url))
const vite = await createServer({ root, ...(VITE_CONFIG && { configFile: VITE_CONFIG }) })
await vite.listen()
const { port } = vite.httpServer.address()
page = `http://127.0.0.1:${port}`
console.log(`Open ${page} and sign in with any name and any password.`)

// A parent process may ask for the counts and revoke tokens behind the back of the page.
process.on('message', async (message) => {
  if (message === 'revoke') await auth.revokeAll()
  process.send?.({ ...auth.counts, ...api.counts })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ page, issuer: auth.issuer, apiUrl: api.apiUrl })
