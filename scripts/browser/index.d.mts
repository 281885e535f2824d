import type { Browser } from 'playwright-core'
import type { Servers } from '../servers/start.js'

export function launchChromium(): Promise<Browser>

export interface Recorder {
  tokenEndpoint: string
  requests: {
    document: string | undefined
    token: string | undefined
    sentAt: number
    at: number
    status?: number
    answeredAt?: number
    undelivered?: boolean
  }[]
  stop(): Promise<void>
}
export function startRecorder(tokenEndpoint: string): Promise<Recorder>

export interface Site {
  url(settings?: Record<string, string>, host?: string): string
  stop(): Promise<void>
}
export function startSite(options?: { axios?: string; entry?: string }): Promise<Site>

export interface StormOptions {
  browser: Browser
  servers: Servers
  site: Site
  recorder: Recorder
  storage: string
  /** False takes Web Locks away from the pages. Default: true. */
  locks?: boolean
  adapter?: string
  keepalive?: boolean
  seconds: number
  tabs?: number
  /** Mean interval between two tabs that end, in milliseconds. */
  every?: number
}
export interface StormCounts {
  took: number
  ended: number
  refreshes: number
  early: number
  reused: number
  died: number
  faults: number
  undelivered: number
  signIns: number
  late: number
  leftOut: number
  signedOut: number
  failed: number
  examples: unknown[]
  answered: number
  served: number
  rejected: number
}
export function storm(options: StormOptions): Promise<StormCounts>
export function withoutLocks(): void
