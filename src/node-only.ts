// Code for Node's http adapter only. Browser bundlers use node-only.browser.ts instead.
export { keepMultipart } from './axios/multipart.js'
export { isOnSocket, nodeHeaderReader } from './axios/node-request.js'
export { redirectGuard } from './axios/redirect-guard.js'
export { laterSigns, routeRule } from './axios/route.js'
export { whileReadable } from './axios/stream-body.js'
