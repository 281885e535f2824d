// Serves examples/react-spa with the sources of this package instead of a published one.
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

export default defineConfig({
  plugins: [hotAuth],
  cacheDir: path('reports/vite'),
  server: { host: '127.0.0.1', port: 0, fs: { allow: [path('.')] } },
  logLevel: 'warn',
  resolve: {
    alias: [
      { find: /^axios-attach-oauth$/, replacement: path('src/index.ts') },
      { find: /^axios-attach-oauth\/(grants|react|sign-in|devtools)$/, replacement: path('src/$1/index.ts') },
      { find: /^axios-attach-oauth\/web$/, replacement: path('src/stores/web.ts') },
    ],
  },
  // Named here, so that no page is loaded a second time when one is found later.
  optimizeDeps: {
    include: ['react', 'react-dom/client', 'react/jsx-dev-runtime', '@tanstack/react-query', 'axios', 'oauth4webapi'],
  },
})
