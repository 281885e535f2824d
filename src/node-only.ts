// The code that concerns Node's http adapter alone. Bundlers for browsers take node-only.browser.ts in its place.
export { fixBoundary, keepMultipart } from './axios/multipart.js'
export { redirectGuard } from './axios/redirect-guard.js'
export { routeRule } from './axios/route.js'
