// Serves examples/react-spa with the sources of this package instead of a published one.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const path = (name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url))

/** Makes auth.ts a module that is reloaded by itself, and lets the test reach its latest exports. */
const hotAuth = {
  name: 'hot auth',
  transform: (code, id) =>
    id.endsWith('/react-spa/src/auth.ts')
      ? `${code}\nglobalThis.auth = { api, session, evaluations: (globalThis.auth?.evaluations ?? 0) + 1 }\nimport.meta.hot.accept()`
      : undefined,
  configureServer(server) {
    process.on('message', async (message) => {
      if (message === 'reload auth') await server.reloadModule(await server.moduleGraph.getModuleByUrl('/src/auth.ts'))
    })
  },
}

const { OIDC_CLIENT } = process.env

/** Exchanges auth.ts for the variant with oidc-client-ts, as its first lines say. */
const otherAuth = {
  name: 'auth.oidc-client-ts.ts in place of auth.ts',
  enforce: 'pre',
  resolveId: (id) => (id === './auth' ? path('examples/react-spa/src/auth.oidc-client-ts.ts') : undefined),
}

export default defineConfig({
  plugins: OIDC_CLIENT ? [otherAuth] : [hotAuth],
  // Two examples may run side by side.
  cacheDir: path(OIDC_CLIENT ? 'reports/vite-oidc-client' : 'reports/vite'),
  server: { host: '127.0.0.1', port: 0, fs: { allow: [path('.'), ...(OIDC_CLIENT ? [realpathSync(OIDC_CLIENT)] : [])] } },
  logLevel: 'warn',
  resolve: {
    alias: [
      { find: /^axios-attach-oauth$/, replacement: path('src/index.ts') },
      { find: /^axios-attach-oauth\/(grants|react|sign-in|devtools)$/, replacement: path('src/$1/index.ts') },
      { find: /^axios-attach-oauth\/web$/, replacement: path('src/stores/web.ts') },
      ...(OIDC_CLIENT ? [{ find: /^oidc-client-ts$/, replacement: realpathSync(OIDC_CLIENT) }] : []),
    ],
  },
  // Named here, so that no page is loaded a second time when one is found later.
  optimizeDeps: {
    include: ['react', 'react-dom/client', 'react/jsx-dev-runtime', '@tanstack/react-query', 'axios', 'oauth4webapi'],
  },
})
