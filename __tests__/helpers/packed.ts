import { join } from 'node:path'

/** Where `scripts/package/pack.js` has put the packed package; files in this folder import it by its name. */
export const packedDirectory = join(process.cwd(), 'reports', 'package')
export const tarball = join(packedDirectory, 'package.tgz')
export const installed = join(packedDirectory, 'node_modules', 'axios-attach-oauth')
