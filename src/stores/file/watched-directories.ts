import { readlinkSync, statSync } from 'node:fs'
import { basename, dirname, join, parse, resolve, sep } from 'node:path'

/** The largest number of symbolic links that are followed; more are treated as a loop. */
const MAX_LINKS = 40

/** What has to be watched to notice each change of a file, also by a symbolic link that is changed to lead elsewhere. */
export interface WatchedDirectories {
  /** The file, without symbolic links. */
  readonly file: string
  /** The directory of the file and those of the symbolic links that lead to it, with the names in them that matter. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
  /** Differs when other directories have to be watched, or a directory was removed and created again. */
  readonly version: string
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function inodeOf(path: string): string {
  try {
    return String(statSync(path, { bigint: true }).ino)
  } catch {
    return 'absent'
  }
}

const partsOf = (path: string): string[] => path.slice(parse(path).root.length).split(sep).filter(Boolean)

/** Finds what has to be watched for the file at the absolute `path`. Never throws. */
export function watchedDirectories(path: string): WatchedDirectories {
  const names = new Map<string, Set<string>>()
  const add = (directory: string, name: string): void => {
    // The removal of a directory is reported under the directory's own name.
    const present = names.get(directory) ?? new Set([basename(directory)])
    names.set(directory, present.add(name))
  }
  let file = parse(path).root
  let rest = partsOf(path)
  let links = 0
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = join(file, name)
    const link = links < MAX_LINKS ? readLink(next) : undefined
    if (link === undefined) {
      file = next
      continue
    }
    links++
    // Links in the root directory belong to the operating system.
    if (file !== parse(file).root) add(file, name)
    const target = resolve(file, link)
    file = parse(target).root
    rest = [...partsOf(target), ...rest]
  }
  add(dirname(file), basename(file))
  const version = [file, ...[...names.keys()].map((directory) => `${directory} ${inodeOf(directory)}`)].join('\n')
  return { file, names, version }
}
