import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, it } from '@jest/globals'

/** The built file store, for programs of their own. */
export const builtFileStore = pathToFileURL(join(process.cwd(), 'dist', 'file.js')).href

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const isRoot = process.getuid?.() === 0

/** `unshare` with a user namespace where this process is not privileged. */
const unshareOptions = (...options: string[]): string[] => [...(isRoot ? [] : ['-r']), ...options]

const scratch = '/tmp'
/** Whether this machine lets tests mount file systems in a mount namespace of their own. */
export const canMount = works('unshare', [
  ...unshareOptions('-m'),
  'sh',
  '-c',
  `mount -t tmpfs tmpfs ${scratch} && touch ${scratch}/a ${scratch}/b && mount --bind ${scratch}/a ${scratch}/b`,
])
/** Whether this machine lets tests create pid namespaces. */
export const canUnsharePids = works('unshare', [...unshareOptions('-p', '-f'), 'true'])
/** Whether this machine lets tests run programs as another user. */
export const canChangeUser = isRoot

/** `it`, or on a machine that lacks something a test whose title and warning say so. */
export function itWhere(possible: boolean, lack: string): (title: string, run: () => Promise<void>) => void {
  if (possible) return (title, run) => it(title, run)
  return (title) =>
    it(`NOT TESTED ON THIS MACHINE (${lack}): ${title}`, () => console.warn(`Not tested on this machine, ${lack}: ${title}`))
}

/** How a program is isolated. */
export interface Isolation {
  /** Shell commands that run in a mount namespace of their own before the program. */
  readonly mounts?: string
  /** A new pid namespace: `own` mounts a /proc for it, `parent` leaves that of the parent. */
  readonly pids?: 'own' | 'parent'
  /** How many process ids of a new namespace are used up before the program gets one. Default: 0. */
  readonly usedPids?: number
  /** User and group id. */
  readonly user?: number
}

function commandOf({ mounts = ':', pids, usedPids = 0 }: Isolation, program: string[]): string[] {
  const quoted = program.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const options = [
    ...(mounts === ':' ? [] : ['-m']),
    ...(pids ? ['-p', '-f', '--kill-child'] : []),
    ...(pids === 'own' ? ['--mount-proc'] : []),
  ]
  if (options.length === 0) return program
  const commands = ['set -e', mounts, ...Array<string>(usedPids).fill('/bin/true'), pids ? quoted : `exec ${quoted}`]
  // The first process of a pid namespace ignores signals: the shell is.
  return ['unshare', ...unshareOptions(...options), 'sh', '-c', [...commands, ...(pids ? ['exit'] : [])].join('; ')]
}

const running = new Set<ChildProcess>()
afterEach(() => running.forEach((child) => child.kill('SIGKILL')))

/** What a program has said, whose shape its test knows. */
type Said = ReturnType<typeof JSON.parse>

/** A program that runs isolated and exchanges lines with the test. */
export class IsolatedProgram {
  readonly child: ChildProcess
  readonly #lines: string[] = []
  readonly exited: Promise<number | null>
  #output = ''

  /** `source` is an ES module in which `fileStore`, `say(value)` and `heard()` (the next line of input) are defined. */
  constructor(source: string, isolation: Isolation = {}) {
    const prelude = `import { fileStore } from ${JSON.stringify(builtFileStore)}
import { createInterface } from 'node:readline'
const say = (value) => console.log(JSON.stringify(value))
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const heard = () => input.next()
const attempt = (promise) => Promise.resolve(promise).then((value) => ({ value }), ({ code, name, message, cause }) => ({ code, name, message, cause: cause?.code }))
const never = new AbortController().signal
`
    const program = [process.execPath, '--no-warnings', '--input-type=module', '-e', `${prelude}${source}`]
    const [command, ...args] = commandOf(isolation, program)
    const { user } = isolation
    this.child = spawn(command!, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(user !== undefined && { uid: user, gid: user }),
    })
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString()
      const lines = this.#output.split('\n')
      this.#output = lines.pop()!
      this.#lines.push(...lines)
      this.child.emit('line')
    })
    running.add(this.child)
    this.exited = once(this.child, 'close').then(() => {
      running.delete(this.child)
      return this.child.exitCode
    })
  }

  tell(line = ''): void {
    this.child.stdin!.write(`${line}\n`)
  }

  /** The next line that the program has said. */
  async next(): Promise<Said> {
    const end = this.exited.then(() => 'exited' as const)
    while (this.#lines.length === 0) {
      const event = await Promise.race([once(this.child, 'line'), end])
      if (event === 'exited' && this.#lines.length === 0) throw new Error('The program has ended')
    }
    return JSON.parse(this.#lines.shift()!)
  }

  /** Ends the input and waits for the program to end. */
  async end(): Promise<number | null> {
    this.child.stdin!.end()
    return this.exited
  }
}

/** Runs a program to its end and resolves with what it has said. */
export async function runIsolated(source: string, isolation: Isolation = {}): Promise<Said> {
  const program = new IsolatedProgram(`${source}\nprocess.exit()`, isolation)
  const said = await program.next()
  await program.end()
  return said
}
