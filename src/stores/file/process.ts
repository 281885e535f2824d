import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'

/** Identifies one thread of one process, so that another process can check later whether it still runs. */
export interface Identity {
  /** The scope in which the other members are unique: one boot of one machine and, on Linux, one pid namespace. */
  readonly system: string
  readonly pid: number
  /** The operating system's thread id: a worker thread may end before its process. 0 if unknown. */
  readonly thread: number
  /** The thread's start time, in ticks since boot, which distinguishes a reused process id. `0` if unknown. */
  readonly started: string
}

/** The scope of a process that can't be compared with any other. */
const onlyThisProcess = `process ${randomUUID()}`

/** Fields of `/proc/[pid]/task/[tid]/stat`, see proc(5). Throws when there is no such thread. */
function readStat(pid: number, thread: number): { state: string; threads: number; started: string } {
  const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
  // The second field, the program's name in parentheses, may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', threads: Number(fields[17]), started: fields[19] ?? '' }
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/**
 * Are the process ids in /proc those of this pid namespace? In a namespace without its own /proc mount, /proc has the parent's
 * process ids, while `process.pid` and `kill` use the namespace's own.
 */
export function procMatchesNamespace(read: (path: string) => string = (path) => readFileSync(path, 'latin1')): boolean {
  const status = attempt(() => read('/proc/self/status'))
  // One number for each nested namespace, from the namespace of /proc to that of the process.
  const pids = /^NSpid:\s*(.*)$/m
    .exec(status ?? '')?.[1]
    ?.trim()
    .split(/\s+/)
  if (pids) return pids.length === 1 && pids[0] === String(process.pid)
  return attempt(() => readlinkSync('/proc/self')) === String(process.pid)
}

/** Names the kernel's boot and the namespaces in which process ids and start times are valid. `undefined` if /proc lacks them. */
function linuxSystem(): string | undefined {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const pids = attempt(() => readlinkSync('/proc/self/ns/pid'))
  if (!boot || !pids) return undefined
  // The reader's time namespace shifts start times. Clones of a virtual machine share a boot id but differ in host name.
  const times = attempt(() => readlinkSync('/proc/self/ns/time')) ?? ''
  return [boot, pids, times, hostname()].join(' ')
}

/** Names a system without pid namespaces. Network addresses distinguish machines with the same host name. */
function otherSystem(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ mac }) => mac))
  const hash = createHash('sha256').update([...new Set(addresses)].sort().join())
  return `host ${hostname()} ${hash.digest('hex').slice(0, 16)}`
}

/** Identifies the calling thread. Never cached, because a process can be cloned together with its memory. */
export function currentIdentity(): Identity {
  const { pid } = process
  const system = process.platform === 'linux' || process.platform === 'android' ? linuxSystem() : otherSystem()
  const unknown = { system: system ?? onlyThisProcess, pid, thread: 0, started: '0' }
  if (!system || !procMatchesNamespace()) return unknown
  return (
    attempt(() => {
      // A synchronous read runs on the thread that executes JavaScript, not on one of libuv's pool.
      const thread = Number(readlinkSync('/proc/thread-self').match(/^(\d+)\/task\/(\d+)$/)?.[2])
      return { system, pid, thread, started: readStat(pid, thread).started }
    }) ?? unknown
  )
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Does a thread of this system still run? `true` if unknown, and for a stopped process. */
export function isAlive({ pid, thread, started }: Identity): boolean {
  if (!processExists(pid)) return false
  if (thread === 0 || !procMatchesNamespace()) return true
  try {
    const stat = readStat(pid, thread)
    // A zombie process can change files as long as it has other threads.
    if (stat.state === 'Z' || stat.state === 'X') return stat.threads > 1
    return stat.started === started
  } catch {
    // The thread has ended, unless /proc hides the processes of other users.
    return attempt(() => readStat(pid, pid)) === undefined && processExists(pid)
  }
}
