import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who holds or makes a file, precisely enough that it can be found out later whether it still lives. */
export interface Identity {
  /** Where the other members mean something: one boot of one machine, and in it one process namespace (a container has its own). */
  readonly system: string
  readonly pid: number
  /** The thread, as the system numbers it (a worker may end before its process does), or 0 where that can't be told. */
  readonly thread: number
  /** When the thread started, in the system's own ticks since it booted: a process id is given out again, this isn't. `0` where that can't be told. */
  readonly started: string
}

/** What Linux tells about a thread: see proc(5), `/proc/[pid]/stat`. Throws when there is no such thread. */
function statOf(pid: number, thread: number): { state: string; threads: number; started: string } {
  const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
  // The second field is the program's name in parentheses, which may hold spaces and parentheses of its own. The third is the first one here.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', threads: Number(fields[17]), started: fields[19] ?? '' }
}

/** This thread. Read each time: a process can be copied with what it remembers. */
export function whoAmI(): Identity {
  const { pid } = process
  try {
    // Asked synchronously, these tell of the thread that runs JavaScript and not of one of the pool.
    const thread = Number(readlinkSync('/proc/thread-self').match(/^(\d+)\/task\/(\d+)$/)?.[2])
    const { started } = statOf(pid, thread)
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return { system: `${boot} ${readlinkSync('/proc/self/ns/pid')}`, pid, thread, started }
  } catch {
    return { system: `host ${hostname()}`, pid, thread: 0, started: '0' }
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Does a thread of this system still live? In doubt, it does. A stopped one lives. */
export function isAlive({ pid, thread, started }: Identity): boolean {
  if (!exists(pid)) return false
  if (thread === 0) return true
  try {
    const stat = statOf(pid, thread)
    // Killed, but not yet collected by its parent: only once all its threads are gone can it change no file any more.
    if (stat.state === 'Z' || stat.state === 'X') return stat.threads > 1
    return stat.started === started
  } catch {
    // The thread has ended, unless its process is one that we may not look into.
    try {
      statOf(pid, pid)
      return false
    } catch {
      return exists(pid)
    }
  }
}
