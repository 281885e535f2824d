/** The members of a client of the package `redis` (node-redis 5 or 6) that the store uses. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>
  /** Makes the connection that listens. Without it, changes made elsewhere are seen at the next need. */
  duplicate?(): unknown
  on?(event: 'end' | 'ready', listener: () => void): unknown
}

/** The members of a client of the package `ioredis` (5 or 6) that the store uses. */
export interface IORedisClient {
  call(command: string, ...args: string[]): Promise<unknown>
  /** Makes the connection that listens. Without it, changes made elsewhere are seen at the next need. */
  duplicate?(): unknown
  on?(event: 'end' | 'ready', listener: () => void): unknown
}

/** A connected client of `redis` or `ioredis`. */
export type RedisClient = NodeRedisClient | IORedisClient

/** Sends one command. */
export type SendCommand = (command: string, ...args: string[]) => Promise<unknown>

/** Refuses the reply to a command that the server has queued instead of executing. No script or record contains this text. */
function executed(reply: unknown): unknown {
  if (String(reply) === 'QUEUED') throw new Error('QUEUED by an open MULTI')
  return reply
}

/** Returns a function that sends a command with either client. Throws a `TypeError` when `client` is neither. */
export function commandsOf(client: RedisClient): SendCommand {
  const { call, sendCommand } = (client ?? {}) as Partial<IORedisClient & NodeRedisClient>
  if (typeof call === 'function') return async (command, ...args) => executed(await call.call(client, command, ...args))
  if (typeof sendCommand === 'function')
    return async (command, ...args) => executed(await sendCommand.call(client, [command, ...args]))
  throw new TypeError('redisStore: client must be a client of the package redis (5 or newer) or ioredis (5 or newer)')
}

/** The options of either client that determine the database and the prefix of a key. */
interface Addressing {
  readonly options?: { readonly database?: unknown; readonly db?: unknown; readonly keyPrefix?: unknown }
  /** The selected database of ioredis, which follows `select()`. */
  readonly condition?: { readonly select?: unknown } | null
}

/** Returns the number of the client's database and the full name of `key` there. */
export function addressOf(client: RedisClient, key: string): readonly [database: number, key: string] {
  const { options, condition } = client as Addressing
  const database = Number(condition?.select ?? options?.database ?? options?.db ?? 0)
  const prefix = options?.keyPrefix ?? ''
  return [Number.isFinite(database) ? database : 0, `${String(prefix)}${key}`]
}
