export function startPostgres(): Promise<{
  config: { host: string; port: number; user: string; password: string; database: string }
  stop(): Promise<void>
  shutDown(): Promise<void>
  crash(): Promise<void>
  restart(): Promise<void>
}>
