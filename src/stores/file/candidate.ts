import { randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './lock-file.js'
import { statRegular } from './regular-file.js'
import { makeDirectory } from './target.js'
import { temporaryName } from './temporary.js'

/** A change of a file, prepared beside it and made by one rename. */
export interface Candidate {
  /** Resolves with `false`, without a change, when another process has revoked the candidate. */
  commit(): Promise<boolean>
  /** Removes the candidate's remaining files. Never rejects. */
  discard(): Promise<void>
}

export interface CandidateOptions {
  /** Can other processes revoke the candidate? */
  readonly revocable: boolean
}

export interface ReplacementOptions extends CandidateOptions {
  /** Additional bytes that are written and then truncated, to check the free space. Default: 0. */
  readonly reserve?: number
}

/** File system errors after which the file may still be writable in place. */
const notReplaceable = ['EBUSY', 'EPERM', 'EACCES', 'EROFS', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP']

/** Has a rename failed because of the file's location, such as a mount point or a directory that is not writable? */
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

/**
 * Prepares new content for `target`. A new file gets mode 0600; an existing file keeps its owner, group and mode, but loses the
 * permissions of others.
 */
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

/** A removal that needs neither space nor another name, and can't be revoked. */
function createUnlink(target: string): Candidate {
  return {
    discard: async () => undefined,
    async commit() {
      await unlink(target).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
      })
      return true
    },
  }
}

/**
 * Prepares the removal of `target`. Another process can't revoke the `unlink` of a process that is stopped right before the call;
 * it can revoke a rename into a directory by removing the directory.
 */
export async function createRemoval(target: string, { revocable }: CandidateOptions): Promise<Candidate> {
  const present = await statRegular(target)
  const directory = temporaryName(target, revocable ? 'pending' : 'tmp')
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    // Signing out must work on a full disk, and beside a long file name.
    if (present && !revocable) return createUnlink(target)
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
