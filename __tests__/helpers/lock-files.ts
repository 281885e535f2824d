import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { platform, type LockEnvironment } from '../../src/stores/file/lock.js'
import { currentIdentity, type Identity } from '../../src/stores/file/process.js'

export interface FakeTime extends LockEnvironment {
  /** Milliseconds on the fake clock. */
  now: number
  /** How often a contender has waited. */
  sleeps: number
  /** Runs once a second while a contender sleeps. */
  eachSecond: () => Promise<void> | void
  /** The callbacks of the heartbeats. */
  beats: (() => void)[]
}

/** An environment in which each sleep takes no time and advances the fake clock by a second. */
export function fakeTime(changes: Partial<LockEnvironment> = {}): FakeTime {
  const time: FakeTime = {
    ...platform,
    now: 0,
    sleeps: 0,
    eachSecond: () => undefined,
    beats: [],
    monotonic: () => time.now,
    async sleep(_ms, signal) {
      time.now += 1000
      time.sleeps++
      await time.eachSecond()
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    },
    every(_ms, callback) {
      time.beats.push(callback)
      return () => void time.beats.splice(time.beats.indexOf(callback), 1)
    },
    ...changes,
  }
  return time
}

/** Writes a lock file like that of another holder. Resolves with its id. */
export async function placeLock(path: string, holder: Partial<Identity> = {}, id: string = randomUUID()): Promise<string> {
  await writeFile(path, JSON.stringify({ id, ...currentIdentity(), ...holder }))
  return id
}

/** An idle process, and its identity as written in a lock file. */
export async function idleProcess(): Promise<{ child: ChildProcess; identity: Identity; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  return { child, identity: identityOf(child.pid!), kill }
}

/** The identity of the main thread of a process on this machine. */
export function identityOf(pid: number): Identity {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return { system: currentIdentity().system, pid, thread: pid, started: fields[19]! }
}
