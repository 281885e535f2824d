import { randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './lock-file.js'
import { statRegular } from './regular-file.js'
import { makeDirectory } from './target.js'
import { temporaryName } from './temporary.js'

/** A change of a file, prepared beside it, that takes place in one rename. */
export interface Candidate {
  /** Resolves with `false` when another process has revoked the candidate: nothing has changed then. */
  commit(): Promise<boolean>
  /** Removes what is left of the candidate. Never rejects. */
  discard(): Promise<void>
}

export interface CandidateOptions {
  /** Whether other processes may revoke the candidate. */
  readonly revocable: boolean
}

export interface ReplacementOptions extends CandidateOptions {
  /** Bytes that are written in addition and cut off, to find out whether there is room for them. Default: 0. */
  readonly reserve?: number
}

/** Errors of the file system after which the file may still be writable in place. */
const notReplaceable = ['EBUSY', 'EPERM', 'EACCES', 'EROFS', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP']

/** Whether a rename has failed because of where the file is, for instance at a mount point or in a directory that can't be written. */
export const isNotReplaceable = (error: unknown): boolean => notReplaceable.includes(codeOf(error))

const removeQuietly = (path: string): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined)

async function writeFlushed(path: string, bytes: Uint8Array, reserve: number): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    if (reserve > 0) {
      await handle.writeFile(Buffer.alloc(reserve))
      await handle.sync()
      await handle.truncate(bytes.length)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Prepares a new content of `target`. A new file gets mode 0600; an existing one keeps its owner, group and mode, except for the rights of others. */
export async function createReplacement(
  target: string,
  bytes: Uint8Array,
  { revocable, reserve = 0 }: ReplacementOptions,
): Promise<Candidate> {
  await makeDirectory(target)
  const present = await statRegular(target)
  const path = temporaryName(target, revocable ? 'pending' : 'tmp')
  const discard = (): Promise<void> => removeQuietly(path)
  try {
    await writeFlushed(path, bytes, reserve)
    if (present) {
      const created = await stat(path, { bigint: true })
      // Only a privileged process can give a file to another user.
      if (created.uid !== present.uid || created.gid !== present.gid)
        await chown(path, Number(present.uid), Number(present.gid)).catch(() => undefined)
      await chmod(path, Number(present.mode & 0o770n))
    }
  } catch (error) {
    await discard()
    throw error
  }
  return {
    discard,
    commit: () =>
      rename(path, target).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) === 'ENOENT') return false
          throw error
        },
      ),
  }
}

/**
 * Prepares the removal of `target`. `unlink` can't be revoked when the process is stopped right before it; a rename into a directory can, by removing the
 * directory.
 */
export async function createRemoval(target: string, { revocable }: CandidateOptions): Promise<Candidate> {
  const present = await statRegular(target)
  const directory = temporaryName(target, revocable ? 'pending' : 'tmp')
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    if (present) throw error
    return { commit: async () => true, discard: async () => undefined }
  }
  return {
    discard: () => removeQuietly(directory),
    async commit() {
      try {
        await rename(target, join(directory, randomUUID()))
        return true
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
        // Either the file is gone, or the directory was revoked.
        return stat(directory).then(
          () => true,
          () => false,
        )
      }
    },
  }
}
