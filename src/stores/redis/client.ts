/** What the store needs of a client of the package `redis` (node-redis 5 or 6). */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>
  /** Makes the connection that listens. Without it changes made elsewhere are seen at the next need. */
  duplicate?(): unknown
  on?(event: 'end', listener: () => void): unknown
}

/** What the store needs of a client of the package `ioredis` (5 or 6). */
export interface IORedisClient {
  call(command: string, ...args: string[]): Promise<unknown>
  /** Makes the connection that listens. Without it changes made elsewhere are seen at the next need. */
  duplicate?(): unknown
  on?(event: 'end', listener: () => void): unknown
}

/** A connected client of `redis` or `ioredis`. */
export type RedisClient = NodeRedisClient | IORedisClient

/** Sends one command. */
export type SendCommand = (command: string, ...args: string[]) => Promise<unknown>

/** One way to send a command with either client; they are told apart by their shape. Throws a `TypeError` for anything else. */
export function commandsOf(client: RedisClient): SendCommand {
  const { call, sendCommand } = (client ?? {}) as Partial<IORedisClient & NodeRedisClient>
  if (typeof call === 'function') return async (command, ...args) => call.call(client, command, ...args)
  if (typeof sendCommand === 'function') return async (command, ...args) => sendCommand.call(client, [command, ...args])
  throw new TypeError('redisStore: client must be a client of the package redis (5 or newer) or ioredis (5 or newer)')
}
