export function startRedis(): Promise<{
  path: string
  stop(): Promise<void>
  shutDown(): Promise<void>
  crash(): Promise<void>
  restart(): Promise<void>
}>
