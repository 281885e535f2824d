import { readlinkSync, realpathSync } from 'node:fs'
import { mkdir, open, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** The largest number of consecutive symbolic links; more are treated as a loop. */
const MAX_LINKS = 40

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/**
 * The file that `path` leads to, which may be missing. Follows symbolic links, so that a write replaces the file and not the
 * link, and processes that use different links share one lock.
 */
export async function resolveTarget(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isMissing(error) || links > MAX_LINKS) throw error
  }
  const next = await readlink(path).catch(() => undefined)
  return next === undefined ? path : resolveTarget(resolve(dirname(path), next), links + 1)
}

function readLinkNow(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The absolute path without symbolic links, as far as it exists. Never throws. */
export function realPathNow(path: string, links = 0): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    const next = links > MAX_LINKS ? undefined : readLinkNow(path)
    if (next !== undefined) return realPathNow(resolve(parent, next), links + 1)
    return parent === path ? path : join(realPathNow(parent, links), basename(path))
  }
}

/** Creates the directory of `file`, accessible to its owner only. */
export async function makeDirectory(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
}

/** Makes renames in the directory of `file` survive a power failure. */
export async function flushDirectory(file: string): Promise<void> {
  // On systems that can't open a directory, the rename alone has to be enough.
  const handle = await open(dirname(file), 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
