export function startProxy(target: { path: string } | { host: string; port: number }): Promise<{
  host: string
  port: number
  hold(): void
  goOn(): void
  cut(): void
  stop(): Promise<void>
}>
