// Serves examples/react-spa with the sources of this package instead of a published one.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const path = (name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url))

export default defineConfig({
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
