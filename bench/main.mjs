// npm run bench
import { interceptors } from './interceptors.mjs'
import { requests } from './requests.mjs'
import { waiters } from './waiters.mjs'

await interceptors(9)
await requests(9)
await waiters(5)
