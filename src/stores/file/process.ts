import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'

/** One thread of one process, described precisely enough that another process can find out later whether it still runs. */
export interface Identity {
  /** The scope in which the other members are unique: one boot of one machine and, on Linux, one pid namespace in it. */
  readonly system: string
  readonly pid: number
  /** The thread id of the operating system: a worker thread may end before its process. 0 where it can't be read. */
  readonly thread: number
  /** The start time of the thread, in ticks since boot. Distinguishes a reused process id. `0` where it can't be read. */
  readonly started: string
}

/** Scope of a process that can't be compared with any other one. */
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
 * Whether the process ids in /proc are those of this pid namespace. A namespace that was created without mounting a /proc of its own sees the process ids
 * of its parent there, while `process.pid` and `kill` use its own.
 */
export function procMatchesNamespace(read: (path: string) => string = (path) => readFileSync(path, 'latin1')): boolean {
  const status = attempt(() => read('/proc/self/status'))
  // One number for each nested namespace, from that of /proc to that of the process.
  const pids = /^NSpid:\s*(.*)$/m
    .exec(status ?? '')?.[1]
    ?.trim()
    .split(/\s+/)
  if (pids) return pids.length === 1 && pids[0] === String(process.pid)
  return attempt(() => readlinkSync('/proc/self')) === String(process.pid)
}

/** Names the kernel's boot and the namespaces that give process ids and start times their meaning. `undefined` where /proc doesn't tell. */
function linuxSystem(): string | undefined {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const pids = attempt(() => readlinkSync('/proc/self/ns/pid'))
  if (!boot || !pids) return undefined
  // Start times are shifted by the time namespace of the reader. The host name tells clones of a virtual machine apart, which share a boot id.
  const times = attempt(() => readlinkSync('/proc/self/ns/time')) ?? ''
  return [boot, pids, times, hostname()].join(' ')
}

/** Elsewhere there are no pid namespaces; network addresses tell machines of one host name apart. */
function otherSystem(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ mac }) => mac))
  const hash = createHash('sha256').update([...new Set(addresses)].sort().join())
  return `host ${hostname()} ${hash.digest('hex').slice(0, 16)}`
}

/** Describes the calling thread. Read at each call, because a process can be cloned together with its memory. */
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

/** Whether a thread of this system still runs. `true` in doubt, and for a stopped process. */
export function isAlive({ pid, thread, started }: Identity): boolean {
  if (!processExists(pid)) return false
  if (thread === 0 || !procMatchesNamespace()) return true
  try {
    const stat = readStat(pid, thread)
    // A killed process that its parent has not collected can change files as long as it has other threads.
    if (stat.state === 'Z' || stat.state === 'X') return stat.threads > 1
    return stat.started === started
  } catch {
    // The thread has ended, unless /proc hides the processes of other users.
    return attempt(() => readStat(pid, pid)) === undefined && processExists(pid)
  }
}
