// npm run bench
import { interceptors } from './interceptors.js'
import { requests } from './requests.js'
import { waiting } from './waiting.js'

await interceptors(9)
await requests(9)
await waiting(5)
