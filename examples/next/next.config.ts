import type { NextConfig } from 'next'

// As create-next-app sets it. The example works without it, too.
const config: NextConfig = { cacheComponents: true }
export default config
