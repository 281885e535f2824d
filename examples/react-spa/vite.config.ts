import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// 127.0.0.1, not localhost: the address that the client is registered with.
export default defineConfig({ plugins: [react()], server: { host: '127.0.0.1', port: 5173 } })
